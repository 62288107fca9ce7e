# Runs the Pester suite and writes 'PASSED FAILED SKIPPED' to a file, and below it a line for each that failed. Called by
# tests/run.sh, which says what the suite is given.
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
$failures = @($result.Failed) + @($result.FailedBlocks) + @($result.FailedContainers) | Where-Object { $_ } | ForEach-Object {
    "$($_.ExpandedPath ?? $_): $(@($_.ErrorRecord)[0] -split '\n' | Select-Object -First 1)"
}
Set-Content -LiteralPath $CountsPath -Value (@("$($result.PassedCount) $failed $skipped") + $failures)
exit [int]($result.Result -ne 'Passed')
