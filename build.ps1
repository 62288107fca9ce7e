#!/usr/bin/env pwsh
<#
.SYNOPSIS
    The tasks of a developer. Each does what it needs before it by itself.
.EXAMPLE
    ./build.ps1
    Builds and lays the module out under out/Rollout/<version>/, so that Import-Module ./Rollout.psd1 works.
.EXAMPLE
    ./build.ps1 -Task Test
#>
[CmdletBinding()]
param(
    # Build: compiles everything. Stage: lays the module out, with its help. Help: writes the help alone anew.
    # Test: all tests. Bench: the figures, side by side in one run.
    [ValidateSet('Build', 'Test', 'Stage', 'Help', 'Bench')]
    [string[]] $Task = 'Stage',

    [ValidateSet('Debug', 'Release')]
    [string] $Configuration = 'Release'
)

$ErrorActionPreference = 'Stop'
$PSNativeCommandUseErrorActionPreference = $true
Set-Location $PSScriptRoot

function Invoke-Target([string] $Target) {
    dotnet build src/Rollout.Module -t:$Target -c $Configuration -v minimal --nologo
}

foreach ($name in $Task) {
    switch ($name) {
        Build { dotnet build Rollout.sln -c $Configuration -v minimal --nologo }
        Stage { Invoke-Target Stage }
        Help { Invoke-Target StageHelp }
        Test { bash tests/run.sh }
        Bench {
            Invoke-Target Stage
            dotnet run --project bench -c $Configuration
        }
    }
}
