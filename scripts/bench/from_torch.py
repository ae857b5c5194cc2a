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
    return make().eval(), (torch.randn(1, 3, size, size),)


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
