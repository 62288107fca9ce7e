# What the module's tests share. Dot-sourced in each file's BeforeAll.
$ErrorActionPreference = 'Stop'
$PSStyle.OutputRendering = 'PlainText'

$Root = Resolve-Path "$PSScriptRoot/../.."
$Version = ([xml](Get-Content "$Root/Directory.Build.props")).Project.PropertyGroup.Version
$Staged = "$Root/out/Rollout/$Version/Rollout.psd1"
Import-Module $Staged

# Runs a script in a PowerShell of its own, and returns what it wrote.
function Invoke-Fresh([string] $Script, [hashtable] $Environment = @{}) {
    $saved = @{}
    foreach ($name in $Environment.Keys) {
        $saved[$name] = [Environment]::GetEnvironmentVariable($name)
        [Environment]::SetEnvironmentVariable($name, $Environment[$name])
    }
    try {
        $prologue = "`$ErrorActionPreference = 'Stop'; `$PSStyle.OutputRendering = 'PlainText'; `$Staged = '$Staged'; `$Root = '$Root'`n"
        $encoded = [Convert]::ToBase64String([Text.Encoding]::Unicode.GetBytes($prologue + $Script))
        $output = pwsh -NoProfile -NonInteractive -EncodedCommand $encoded 2>&1 | ForEach-Object { "$_" }
        if ($LASTEXITCODE -ne 0) { throw "The PowerShell ended with ${LASTEXITCODE}:`n$($output -join "`n")" }
        $output
    } finally {
        foreach ($name in $saved.Keys) { [Environment]::SetEnvironmentVariable($name, $saved[$name]) }
    }
}

# Runs a script block that must fail, and returns its error record.
function Get-Failure([scriptblock] $Script) {
    try { & $Script | Out-Null } catch { return $_ }
    throw "It did not fail: $Script"
}
