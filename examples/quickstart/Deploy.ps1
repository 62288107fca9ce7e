# Deploys one version of the shop: builds it, pushes it with proof, rolls it out behind the router and looks whether it is well.
#   pwsh examples/quickstart/Deploy.ps1 -Version v1.3.0
# Exit code 0: it is live and well. 2: it was caught and taken back. 1: anything else.
param(
    [Parameter(Mandatory)] [string] $Version,
    [int] $Health = 200,                            # what the new version's /healthz will answer
    [string] $Registry = '127.0.0.1:5000',
    [string] $Site = 'http://127.0.0.1:8088'
)

Set-Location $PSScriptRoot
Import-Module ../../Rollout.psd1 -ErrorAction Stop

$verdict = New-RolloutImage ./shop -BuildArg @{ VERSION = $Version; HEALTH = $Health } |
    Set-ImageTag "$Registry/demo/shop:$Version" |
    Publish-Image |
    Start-Rollout docker/shop -Replicas 2 -Port 8080 -Router haproxy -RouterEndpoint ./haproxy.sock -Backend shop |
    Test-RolloutHealth -Uri "$Site/healthz"

$verdict.Rollout | Out-Host
$verdict.Checks | Out-Host
if ($verdict.Rollout.Phase -eq 'Undone') { exit 2 }
exit [int](-not $verdict.Healthy)
