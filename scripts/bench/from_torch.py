#!/usr/bin/env python3
"""Converts a network of scripts/models/export.py from PyTorch with a tool that starts there.

    from_torch.py litert-torch|coremltools|program|trace NAME OUT

program and trace write what the others start from: torch.export's file, TorchScript.
"""
import importlib.util
import os
import sys

import torch

HERE = os.path.dirname(os.path.abspath(__file__))


def network(name):
    sys.path.insert(0, os.path.join(HERE, "..", "models"))
    spec = importlib.util.spec_from_file_location("export", os.path.join(HERE, "..", "models", "export.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    make, size = module.NETWORKS[name]
    torch.manual_seed(1)
    net = make().eval()
    with torch.no_grad():  # scales and shifts as training leaves them: ones and zeros would be folded away
        for m in net.modules():
            if isinstance(m, (torch.nn.LayerNorm, torch.nn.modules.batchnorm._BatchNorm)):
                m.weight.mul_(0.7 + 0.6 * torch.rand_like(m.weight))
                m.bias.add_(0.1 * torch.randn_like(m.bias))
        for name, p in net.named_parameters():
            if name.endswith("bias"):
                p.add_(0.01 * torch.randn_like(p))
    return net, (torch.randn(1, 3, size, size),)


def main():
    tool, name, out = sys.argv[1:4]
    if tool == "coremltools":
        import coremltools

        program = torch.export.load(name).run_decompositions({})
        coremltools.convert(program, minimum_deployment_target=coremltools.target.iOS16).save(out)
        return
    net, x = network(name)
    if tool == "litert-torch":
        import litert_torch

        litert_torch.convert(net, x).export(out)
    elif tool == "program":
        torch.export.save(torch.export.export(net, x), out)
    else:
        torch.jit.trace(net, x, check_trace=False).save(out)


if __name__ == "__main__":
    main()
