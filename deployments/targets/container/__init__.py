"""A target that runs nothing: it writes out an image's recipe and Kubernetes manifests, checked offline."""
