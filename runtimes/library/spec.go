package library

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Spec says what a vendor library is called, where its files lie and which build of it was tested.
type Spec struct {
	Name    string // the key on the command line and in Find: "onnxruntime", "openvino", "litert"
	Package string // the package client's name for it
	Version string // the pinned version that Install gets
	Title   string // the vendor's own spelling, for people

	// Globs match the base name of the library that a worker loads, most specific first.
	Globs []string
	// Sha256 holds the hash, in hex, of every wheel that Install accepts, by the wheel's file name.
	Sha256 map[string]string
	// Loses says in one sentence what does not work without the library.
	Loses string
	// EnvVar names the environment variable that points to the library's file or folder.
	EnvVar string
	// Elsewhere says how to get a library that no package client has; Package, Version and Sha256 are empty then.
	Elsewhere string

	// MinVersion is the oldest version whose interface the adapter speaks; "" accepts every one.
	MinVersion string
	// Series, where set, is the only series ("2.3") whose interface the adapter speaks.
	Series string

	dists  []string          // names of packages that carry the library, as their dist-info folders spell them
	inside []string          // folders that hold the library, relative to a site-packages folder
	unpack []string          // patterns of the wheel's entries that Install keeps
	system []string          // further folders to look in, beside the system's own; patterns
	tags   map[string]string // platform tag of the wheel by "GOOS/GOARCH"
}

// python is the interpreter tag that Install names to the package client, so that every machine gets the same
// wheel, whatever Python the user has: the libraries inside do not depend on it.
const python = "311"

// Specs returns the libraries that Slipway knows, in the order in which lists show them. The caller may change
// what it gets.
func Specs() []Spec {
	return []Spec{onnxruntime(), openvino(), litert(), ncnn()}
}

// Lookup returns the library called name.
func Lookup(name string) (Spec, bool) {
	for _, s := range Specs() {
		if s.Name == name {
			return s, true
		}
	}
	return Spec{}, false
}

func onnxruntime() Spec {
	return Spec{
		Name: "onnxruntime", Package: "onnxruntime", Version: "1.31.1", Title: "ONNX Runtime",
		Globs:      []string{"libonnxruntime.so", "libonnxruntime.so.*", "libonnxruntime.dylib", "libonnxruntime.*.dylib", "onnxruntime.dll"},
		Loses:      "ONNX artefacts cannot be run, verified or measured on ONNX Runtime",
		EnvVar:     "SLIPWAY_ONNXRUNTIME",
		MinVersion: "1.24",
		Sha256: map[string]string{
			"onnxruntime-1.31.1-cp311-cp311-manylinux_2_28_x86_64.whl":  "5752bd508126ae7c49894d3b9d2e83f0c3d487319246d04c444b393308d7ad7f",
			"onnxruntime-1.31.1-cp311-cp311-manylinux_2_28_aarch64.whl": "da05378364c44d4407e463982d2bf8d5e4cfea873283757e48beeb41df97b7f3",
			"onnxruntime-1.31.1-cp311-cp311-win_amd64.whl":              "c3d91b5de31e2fc82d71bd65b2b22bddee8b49057a3a36338e9a868e0ea90c05",
			"onnxruntime-1.31.1-cp311-cp311-win_arm64.whl":              "93800007a7023b3ab26ad72e6463d0d57d84ead49a2f6341954d91438e046bc0",
			"onnxruntime-1.31.1-cp311-cp311-macosx_14_0_arm64.whl":      "60b6b69bfe580eab576cacc5d132a0e9cf2a37fcfd18d46dd191042b1d1ed0d7",
		},
		dists:  []string{"onnxruntime", "onnxruntime_gpu"},
		inside: []string{"onnxruntime/capi"},
		unpack: []string{
			"onnxruntime/capi/libonnxruntime.*", "onnxruntime/capi/libonnxruntime_providers_shared.*",
			"onnxruntime/capi/onnxruntime.dll", "onnxruntime/capi/onnxruntime_providers_shared.dll",
			"onnxruntime/LICENSE", "onnxruntime/ThirdPartyNotices.txt",
		},
		tags: map[string]string{
			"linux/amd64": "manylinux_2_28_x86_64", "linux/arm64": "manylinux_2_28_aarch64",
			"windows/amd64": "win_amd64", "windows/arm64": "win_arm64", "darwin/arm64": "macosx_14_0_arm64",
		},
	}
}

func openvino() Spec {
	return Spec{
		Name: "openvino", Package: "openvino", Version: "2026.4.1", Title: "OpenVINO",
		Globs:      []string{"libopenvino_c.so", "libopenvino_c.so.*", "libopenvino_c.dylib", "libopenvino_c.*.dylib", "openvino_c.dll"},
		Loses:      "OpenVINO artefacts cannot be run, verified or measured",
		EnvVar:     "SLIPWAY_OPENVINO",
		MinVersion: "2024.0",
		Sha256: map[string]string{
			"openvino-2026.4.1-22982-cp311-cp311-manylinux_2_28_x86_64.whl": "2d22b1da03f7caf74df30e9f6417d0ab2f637e4a38e08e1dcd294d2c37407aaf",
			"openvino-2026.4.1-22982-cp311-cp311-win_amd64.whl":             "bfddae6d6d3ad240157b946f180c33d0ddfaaae7487995d929a4e6b4bc12b283",
			"openvino-2026.4.1-22982-cp311-cp311-macosx_11_0_arm64.whl":     "d3740853691ae4a9003bc3417a4625d848e2cc3251af4b815c59199b38be252a",
		},
		dists:  []string{"openvino"},
		inside: []string{"openvino/libs"},
		// Plugins and front ends are loaded from the folder of the core library: they are kept together.
		unpack: []string{"openvino/libs/*", "openvino-*.dist-info/licenses/*", "openvino-*.dist-info/licenses/licensing/*"},
		system: []string{
			"/opt/intel/openvino*/runtime/lib/intel64", "/opt/intel/openvino*/runtime/lib/aarch64",
			"$INTEL_OPENVINO_DIR/runtime/lib/*", "$INTEL_OPENVINO_DIR/runtime/bin/intel64/Release",
		},
		tags: map[string]string{
			"linux/amd64": "manylinux_2_28_x86_64", "windows/amd64": "win_amd64", "darwin/arm64": "macosx_11_0_arm64",
		},
	}
}

func litert() Spec {
	return Spec{
		Name: "litert", Package: "ai-edge-litert", Version: "2.3.0", Title: "LiteRT",
		Globs:  []string{"libLiteRt.so", "libLiteRt.dylib", "libLiteRt.dll", "LiteRt.dll"},
		Loses:  "TFLite artefacts cannot be run, verified or measured",
		EnvVar: "SLIPWAY_LITERT",
		Series: "2.3",
		Sha256: map[string]string{
			"ai_edge_litert-2.3.0-cp311-cp311-manylinux_2_27_x86_64.whl":  "1f15078a6725d2357d9de9221664c29afa0545d807559c5f7199ce5e40b96b23",
			"ai_edge_litert-2.3.0-cp311-cp311-manylinux_2_27_aarch64.whl": "853fc608f96da87bd5f3458465dfb9abbf18d5ae6b94eceacead407146f175ae",
			"ai_edge_litert-2.3.0-cp311-cp311-win_amd64.whl":              "ffee5993b859580650e844fce322e93b7abf50dfa36fd0fcbde41e079d1eebe3",
			"ai_edge_litert-2.3.0-cp311-cp311-macosx_12_0_arm64.whl":      "da19cb1ad08d5113600d1038fbe7390e74e38fcb3e92af86d56a60120343e6d2",
		},
		dists:  []string{"ai_edge_litert"},
		inside: []string{"ai_edge_litert"},
		unpack: []string{
			"ai_edge_litert/libLiteRt.*", "ai_edge_litert/LiteRt.dll", "ai_edge_litert-*.dist-info/licenses/*",
		},
		tags: map[string]string{
			"linux/amd64": "manylinux_2_27_x86_64", "linux/arm64": "manylinux_2_27_aarch64",
			"windows/amd64": "win_amd64", "darwin/arm64": "macosx_12_0_arm64",
		},
	}
}

func ncnn() Spec {
	return Spec{
		Name: "ncnn", Title: "ncnn",
		Globs:  []string{"libncnn.so", "libncnn.so.*", "libncnn.dylib", "libncnn.*.dylib", "ncnn.dll"},
		Loses:  "ncnn artefacts cannot be run, verified or measured",
		EnvVar: "SLIPWAY_NCNN",
		Elsewhere: "no package client has ncnn with its C interface (the Python package lacks it): take a shared libncnn from your system's packages or from an " +
			"archive of the ncnn project whose name ends in -shared, or build one with cmake -DNCNN_SHARED_LIB=ON",
	}
}

// matches tells whether base is the name of the library that a worker loads.
func (s Spec) matches(base string) bool {
	return slices.ContainsFunc(s.Globs, func(g string) bool {
		ok, err := path.Match(g, base)
		return ok && err == nil
	})
}

// accepts says why version cannot be used, or nil. An unknown version ("") passes: the worker's hello tells it.
func (s Spec) accepts(version string) error {
	if version == "" {
		return nil
	}
	if s.Series != "" && version != s.Series && !strings.HasPrefix(version, s.Series+".") {
		return fmt.Errorf("version %s: its interface differs, only %s.x is supported", version, s.Series)
	}
	if s.MinVersion != "" && compareVersions(version, s.MinVersion) < 0 {
		return fmt.Errorf("version %s is too old, %s or newer is needed", version, s.MinVersion)
	}
	return nil
}

// compareVersions orders dotted versions by their numeric parts; a part that is no number counts as 0.
func compareVersions(a, b string) int {
	x, y := strings.Split(a, "."), strings.Split(b, ".")
	for i := range max(len(x), len(y)) {
		if c := part(x, i) - part(y, i); c != 0 {
			return c
		}
	}
	return 0
}

func part(parts []string, i int) int {
	if i >= len(parts) {
		return 0
	}
	n, err := strconv.Atoi(parts[i])
	if err != nil {
		return 0
	}
	return n
}
