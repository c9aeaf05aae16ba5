package main

import (
	"graft/runtime"
	"graft/runtime/gorgonia"
)

// backend returns the backend of that name; nil stands for the native one.
func backend(name string) (runtime.Backend, error) {
	switch name {
	case "native":
		return nil, nil
	case "gorgonia":
		return gorgonia.New(), nil
	}
	return nil, usagef("backend %q is not one of native, gorgonia", name)
}
