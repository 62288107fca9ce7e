# Ctrl+C ends any cmdlet in under a second, however the engine behaves: here it accepts the connection and never answers.
BeforeDiscovery {
    $Cases = @(
        @{ Script = 'New-RolloutImage $context' }
        @{ Script = '"x:1" | Set-ImageTag y:2' }
        @{ Script = 'Publish-Image x:1 -Confirm:$false' }
        @{ Script = 'Get-Rollout' }
        @{ Script = 'Get-RolloutHistory docker/x' }
        @{ Script = 'Start-Rollout docker/x -Image x:1 -Force -Confirm:$false' }
        @{ Script = '$rollout | Wait-Rollout' }
        @{ Script = '$rollout | Watch-Rollout' }
        @{ Script = '$rollout | Resume-Rollout' }
        @{ Script = '$rollout | Suspend-Rollout' }
        @{ Script = '$rollout | Stop-Rollout' }
        @{ Script = '$rollout | Restart-Rollout' }
        @{ Script = 'Test-RolloutEnvironment -Docker' }
        @{ Script = '$rollout | Test-RolloutHealth' }
        @{ Script = '$rollout | Test-RolloutHealth -Uri $uri' }
        @{ Script = '$rollout | Undo-Rollout -Force' }
    )
}

BeforeAll {
    . $PSScriptRoot/TestSetup.ps1
    New-Item "$TestDrive/context" -ItemType Directory | Out-Null
    Set-Content "$TestDrive/context/Dockerfile" 'FROM scratch'

    # Runs the script against an engine that hangs, stops it once it has asked the engine, and returns how long the stop took.
    function Measure-Stop([string] $Script) {
        $listener = [Net.Sockets.TcpListener]::new([Net.IPAddress]::Loopback, 0)
        $listener.Start()
        $powershell = [powershell]::Create()
        try {
            $address = "127.0.0.1:$($listener.LocalEndpoint.Port)"
            [void]$powershell.AddScript("
                Import-Module '$Staged'
                `$PSDefaultParameterValues = @{ 'New-RolloutImage:DockerHost' = 'tcp://$address'; 'Set-ImageTag:DockerHost' = 'tcp://$address'
                    'Publish-Image:DockerHost' = 'tcp://$address'; 'Start-Rollout:DockerHost' = 'tcp://$address'; 'Get-Rollout*:DockerHost' = 'tcp://$address'
                    'Test-RolloutEnvironment:DockerHost' = 'tcp://$address' }
                `$context = '$TestDrive/context'
                `$uri = 'http://$address/'
                . '$PSScriptRoot/TestObjects.ps1'
                `$rollout = New-TestStatus @{ Phase = 'Progressing'; Endpoint = [Rollout.RolloutEndpoint]@{ DockerHost = 'tcp://$address' } }
                $Script")
            $accepted = $listener.AcceptTcpClientAsync()
            $running = $powershell.BeginInvoke()
            [void][Threading.WaitHandle]::WaitAny(@($running.AsyncWaitHandle, $accepted.AsyncWaitHandle))
            if ($running.IsCompleted) { throw "The engine was not asked: $($powershell.Streams.Error)" }
            $watch = [Diagnostics.Stopwatch]::StartNew()
            $powershell.Stop()
            $watch.Stop()
            $running.IsCompleted | Should -BeTrue
            $powershell.InvocationStateInfo.State | Should -Be Stopped
            $powershell.Streams.Error | Should -BeNullOrEmpty
            $watch.Elapsed.TotalMilliseconds
        } finally {
            $powershell.Dispose()
            $listener.Stop()
        }
    }
}

Describe 'Stopping' {
    It 'ends <Script> in under a second' -ForEach $Cases {
        # The machine may be busy with something else: the best of three counts.
        $best = [double]::MaxValue
        foreach ($try in 1..3) {
            $best = [Math]::Min($best, (Measure-Stop $Script))
            if ($best -lt 1000) { break }
        }
        $best | Should -BeLessThan 1000
    }

    It 'is tried with every cmdlet that talks to an engine or a registry' -ForEach @{ Scripts = $Cases.Script } {
        $covered = $Scripts -replace '^\S+ \| ' -replace ' .*' | Sort-Object -Unique
        Get-Command -Module Rollout | Where-Object Name -NE New-RolloutHealthCheck | Select-Object -ExpandProperty Name | Sort-Object | Should -Be $covered
    }
}
