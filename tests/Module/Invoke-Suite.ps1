# Runs the Pester suite and writes 'PASSED FAILED SKIPPED' to a file. Called by tests/run.sh, which says what the suite is given.
param([Parameter(Mandatory)] [string] $CountsPath)

$ErrorActionPreference = 'Stop'
Import-Module Pester -MinimumVersion 5.0

$configuration = New-PesterConfiguration
$configuration.Run.Path = $PSScriptRoot
$configuration.Run.PassThru = $true
$configuration.Output.Verbosity = 'Detailed'
$result = Invoke-Pester -Configuration $configuration

# A block or a file that failed outside its tests counts as a failure too.
$failed = $result.FailedCount + $result.FailedBlocksCount + $result.FailedContainersCount
$skipped = $result.SkippedCount + $result.InconclusiveCount + $result.NotRunCount
Set-Content -LiteralPath $CountsPath -Value "$($result.PassedCount) $failed $skipped"
exit [int]($result.Result -ne 'Passed')
