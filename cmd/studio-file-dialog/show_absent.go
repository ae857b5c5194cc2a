//go:build !gtk && !windows && !darwin

package main

import "errors"

func show(request) (string, error) {
	return "", errors.New("this program was built without GTK")
}
