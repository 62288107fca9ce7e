# What the module's tests share. Dot-sourced in each file's BeforeAll.
$ErrorActionPreference = 'Stop'
$PSStyle.OutputRendering = 'PlainText'

$Root = Resolve-Path "$PSScriptRoot/../.."
$Version = ([xml](Get-Content "$Root/Directory.Build.props")).Project.PropertyGroup.Version
$Staged = "$Root/out/Rollout/$Version/Rollout.psd1"
Import-Module $Staged
. $PSScriptRoot/TestObjects.ps1

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

$Prefix = "pester-$([guid]::NewGuid().ToString('N').Substring(0, 8))"
$Registry = $env:ROLLOUT_TEST_REGISTRY

# A directory with the smallest service there is: busybox alone. Its version makes each image another.
function New-TestContext([string] $Path, [string] $Version = 'v1', [string] $Command = '["/bin/busybox", "httpd", "-f", "-p", "8080", "-h", "/site"]') {
    New-Item $Path/site -ItemType Directory -Force | Out-Null
    Copy-Item /bin/busybox $Path
    Set-Content $Path/site/index.html $Version
    Set-Content $Path/Dockerfile "FROM scratch`nCOPY busybox /bin/busybox`nCOPY site /site`nEXPOSE 8080`n# As PID 1 busybox ignores SIGTERM.`nSTOPSIGNAL SIGKILL`nCMD $Command"
    $Path
}

# A service whose reference is PREFIX/NAME:VERSION, built once.
$Images = @{}
function New-TestImage([string] $Version = 'v1', [string] $Name = 'app', [string] $Command) {
    $reference = "${Prefix}/${Name}:$Version"
    $more = if ($Command) { @{ Command = $Command } } else { @{} }
    $Images[$reference] ??= New-RolloutImage (New-TestContext "$TestDrive/$Name-$Version" $Version @more) -Tag $reference
    $Images[$reference]
}

# All that an engine holds, as one text: what changes nothing leaves it the same.
function Get-EngineState {
    $containers = docker ps --all --no-trunc --format '{{.ID}} {{.Names}} {{.State}}' | Where-Object { $_ -match $Prefix }
    $images = docker images --no-trunc --format '{{.Repository}}:{{.Tag}} {{.ID}}' | Where-Object { $_ -match $Prefix }
    # The engine lists an image's names in no order.
    (@($containers) + @($images) | Sort-Object) -join "`n"
}

# Removes all that a test file made.
function Remove-TestObjects {
    docker ps --all --format '{{.ID}} {{.Names}}' | Where-Object { $_ -match $Prefix } | ForEach-Object { docker rm --force ($_ -split ' ')[0] } | Out-Null
    docker images --format '{{.Repository}}:{{.Tag}}' | Where-Object { $_ -match $Prefix } | ForEach-Object { docker rmi --force $_ } | Out-Null
}
