# Releases one version to a cluster: builds it, pushes it with proof, and lets it take over in steps, each of which must be healthy.
#   pwsh examples/kubernetes/Release.ps1 -Source ./shop -Image registry.example.com/team/shop:v1.3.0 -Target deployment/shop -Namespace finance
# Exit code 0: it is live and well. 2: it was caught and taken back. 1: anything else.
param(
    [Parameter(Mandatory)] [string] $Source,
    [Parameter(Mandatory)] [string] $Image,
    [Parameter(Mandatory)] [string] $Target,
    [string] $Namespace = 'default',
    [string[]] $Step = ('5%', '2m', 'check', '25%', '5m', 'check'),
    [uri] $Prometheus,                              # without one, what the containers tell has to do
    [string] $ErrorRateBelow = '0.5%'
)

Import-Module $PSScriptRoot/../../Rollout.psd1 -ErrorAction Stop

$gate = @{}
if ($Prometheus) {
    $gate.HealthCheck = New-RolloutHealthCheck -Prometheus $Prometheus -ErrorRateBelow $ErrorRateBelow -MinimumRequests 100
}

$rollout = New-RolloutImage $Source |
    Set-ImageTag $Image |
    Publish-Image |
    Start-Rollout $Target -Namespace $Namespace -Strategy Canary -Step $Step @gate

$rollout | Format-List | Out-Host
$rollout.Decisions | Out-Host
if ($rollout.Phase -eq 'Undone') { exit 2 }
exit [int]($rollout.Phase -ne 'Healthy')
