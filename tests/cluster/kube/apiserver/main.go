// Command apiserver is kube-apiserver alone, built from the k8s.io/kubernetes
// module: 1,937 packages where the whole node in ../main.go has 2,645.
package main

import (
	"os"

	"k8s.io/component-base/cli"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

func main() { os.Exit(cli.Run(app.NewAPIServerCommand())) }
