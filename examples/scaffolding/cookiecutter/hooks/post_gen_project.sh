#!/bin/sh
# A hook that fails removes the new project, so nothing recognised is a success.
dockgen init --yes --if-detected --set runtime.port={{ cookiecutter.port }}
