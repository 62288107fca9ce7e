# What the module's tests borrow from the engine's: a program that runs until its input ends. Dot-sourced.

# The engine's tests, where they are built.
function Get-TestProgram {
    'Release', 'Debug' | ForEach-Object { "$PSScriptRoot/../Rollout.Engine.Tests/bin/$_/net10.0/Rollout.Engine.Tests.dll" } | Get-Item -ErrorAction Ignore |
        Sort-Object LastWriteTime | Select-Object -Last 1 -ExpandProperty FullName
}

# Starts it, and returns its process and the line that says that it is ready.
function Start-TestProgram {
    $start = [Diagnostics.ProcessStartInfo]::new('dotnet', [string[]] (@('exec', (Get-TestProgram)) + $args))
    $start.RedirectStandardInput = $start.RedirectStandardOutput = $true
    $process = [Diagnostics.Process]::Start($start)
    $line = $process.StandardOutput.ReadLine() ?? (throw "'$args' did not start.")
    @{ Process = $process; Line = $line }
}

# Ends it by the end of its input, so that it can clear away what it made.
function Stop-TestProgram($Process, [int] $Milliseconds = 5000) {
    $Process.StandardInput.Close()
    if (-not $Process.WaitForExit($Milliseconds)) { $Process.Kill() }
}
