#!/usr/bin/env bash
# Runs all tests. With --setup, first installs and starts what they need.
set -euo pipefail
cd "$(dirname "$0")/.."
dotnet test Rollout.sln --nologo
