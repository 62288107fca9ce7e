# Rolls out what a list names, all at once; one that fails is taken back and does not stop the others.
#   pwsh examples/kubernetes/Update-Fleet.ps1 -Path examples/kubernetes/services.csv [-WhatIf]
# Exit code 0: all are healthy. 1: at least one is not, and is named.
[CmdletBinding(SupportsShouldProcess)]
param(
    [Parameter(Mandatory)] [string] $Path,          # columns Target, Namespace, Context, Container, Image; what is empty is left to the cluster
    [int] $ThrottleLimit = 64
)

Import-Module $PSScriptRoot/../../Rollout.psd1 -ErrorAction Stop

$rollouts = Import-Csv $Path | Start-Rollout -ThrottleLimit $ThrottleLimit -ErrorVariable failures -ErrorAction Continue

$rollouts | Sort-Object Namespace, Target | Format-Table | Out-Host
exit [int]($failures.Count -gt 0)
