# What bad input gets: an error that names the thing, with an id, a category and what to do, and nothing changed.
BeforeDiscovery {
    $NoDocker = -not (docker version --format ok 2>$null)

    # Without any engine.
    $Offline = @(
        @{ Script = { New-RolloutImage "$TestDrive/none" }; Id = 'ContextNotFound'; Category = 'ObjectNotFound'; Names = 'none' }
        @{ Script = { New-RolloutImage $empty }; Id = 'NoDockerfile'; Category = 'ObjectNotFound'; Names = 'empty' }
        @{ Script = { New-RolloutImage Env: }; Id = 'PathNotInFileSystem'; Category = 'InvalidArgument'; Names = 'Environment' }
        @{ Script = { New-RolloutImage $context -Tag 'Not A Reference' }; Id = 'InvalidImageReference'; Category = 'ParserError'; Names = 'Not A Reference' }
        @{ Script = { New-RolloutImage $context -Tag 1.10, 1.20 }; Id = 'ParameterArgumentTransformationError'; Category = 'InvalidData'; Names = 'quote it' }
        @{ Script = { Start-Rollout -Image x:1 }; Id = 'TargetMissing'; Category = 'InvalidArgument'; Names = 'target' }
        @{ Script = { Start-Rollout docker/x }; Id = 'ImageMissing'; Category = 'InvalidArgument'; Names = 'docker/x' }
        @{ Script = { Start-Rollout docker/x -Image '' }; Id = 'ImageMissing'; Category = 'InvalidArgument'; Names = 'docker/x' }
        @{ Script = { [pscustomobject]@{ Target = 'docker/x'; Image = 'Not A Reference' } | Start-Rollout }; Id = 'InvalidImageReference'; Category = 'ParserError'; Names = 'Not A Reference' }
        @{ Script = { 5 | Start-Rollout docker/x -DockerHost "unix://$TestDrive/none.sock" }; Id = 'InvalidImageReference'; Category = 'ParserError'; Names = "'5'*quote it" }
        @{ Script = { Start-Rollout docker/x -Image 1.10 -DockerHost "unix://$TestDrive/none.sock" }; Id = 'InvalidImageReference'; Category = 'ParserError'; Names = 'quote it' }
        @{ Script = { [pscustomobject]@{ Target = 'docker/x'; Image = 5 } | Start-Rollout -DockerHost "unix://$TestDrive/none.sock" }; Id = 'InvalidImageReference'; Category = 'ParserError'; Names = 'quote it' }
        @{ Script = { 5 | Publish-Image -DockerHost "unix://$TestDrive/none.sock" }; Id = 'InvalidImageReference'; Category = 'ParserError'; Names = 'quote it' }
        @{ Script = { Set-ImageTag x -Image 5 -DockerHost "unix://$TestDrive/none.sock" }; Id = 'InvalidImageReference'; Category = 'ParserError'; Names = 'quote it' }
        @{ Script = { Publish-Image 'https://user:hunter2@registry.example.com/shop:v1' }; Id = 'InvalidImageReference'; Category = 'ParserError'; Names = 'user:`*`*`*@' }
        @{ Script = { Get-Rollout 'docker/[' }; Id = 'InvalidPattern'; Category = 'ParserError'; Names = 'wildcard' }
        @{ Script = { Undo-Rollout docker/x -ToRevision 2 -ToImage shop:v1 }; Id = 'TwoRevisions'; Category = 'InvalidArgument'; Names = 'shop:v1' }
        @{ Script = { Start-Rollout nonsense/x -Image x:1 }; Id = 'InvalidTarget'; Category = 'ParserError'; Names = 'nonsense/x' }
        @{ Script = { Get-Rollout shop }; Id = 'InvalidTarget'; Category = 'ParserError'; Names = 'shop' }
        @{ Script = { Get-Rollout docker/x -DockerHost nonsense }; Id = 'InvalidDockerHost'; Names = 'nonsense' }
        @{ Script = { Get-Rollout docker/x -Context "none-$Prefix" }; Id = 'DockerContextNotFound'; Category = 'ObjectNotFound'; Names = 'none-' }
        @{ Script = { Get-Rollout docker/x -DockerHost "unix://$TestDrive/none.sock" }; Id = 'DockerEngineNotReachable'; Category = 'ConnectionError'; Names = 'none.sock' }
        @{ Script = { New-RolloutImage $context -DockerHost "unix://$TestDrive/none.sock" }; Id = 'DockerEngineNotReachable'; Category = 'ConnectionError'; Names = 'none.sock' }
        @{ Script = { New-TestStatus | Undo-Rollout -DockerHost unix:///other.sock }; Id = 'AnotherEngine'; Category = 'InvalidArgument'; Names = '/other.sock' }
        @{ Script = { Undo-Rollout }; Id = 'TargetMissing'; Category = 'InvalidArgument'; Names = 'target' }
        @{ Script = { Stop-Rollout }; Id = 'TargetMissing'; Category = 'InvalidArgument'; Names = 'target' }
        @{ Script = { Wait-Rollout '' }; Id = 'TargetMissing'; Category = 'InvalidArgument'; Names = 'target' }
        @{ Script = { [pscustomobject]@{ Target = '' } | Restart-Rollout }; Id = 'TargetMissing'; Category = 'InvalidArgument'; Names = 'target' }
        @{ Script = { New-TestStatus | Test-RolloutHealth -For 5s }; Id = 'ParameterArgumentTransformationError'; Category = 'InvalidData'; Names = 'quote it' }
        @{ Script = { New-TestStatus | Test-RolloutHealth -Interval 'soon' }; Id = 'ParameterArgumentTransformationError'; Category = 'InvalidData'; Names = 'soon' }
    )

    # With a real one.
    $Online = @(
        @{ Script = { Publish-Image "$Prefix/none:1" }; Id = 'ImageNotFound'; Category = 'ObjectNotFound'; Names = 'none:1' }
        @{ Script = { "$Prefix/none:1" | Set-ImageTag x }; Id = 'ImageNotFound'; Category = 'ObjectNotFound'; Names = 'none:1' }
        @{ Script = { $image | Set-ImageTag '127.0.0.1:1/x:1' | Publish-Image -RetryCount 0 }; Category = 'ConnectionError'; Names = '127.0.0.1:1' }
        @{ Script = { Get-RolloutHistory "docker/$Prefix-none" }; Id = 'RolloutNotFound'; Category = 'ObjectNotFound'; Names = '-none' }
        @{ Script = { $image | Start-Rollout "docker/$Prefix-router" -Port 8080 -RouterEndpoint ./haproxy.sock -Backend shop }; Id = 'RouterIncomplete'; Category = 'InvalidArgument'; Names = '-Router ' }
        @{ Script = { $image | Start-Rollout "docker/$Prefix-stranger" -Port 8080 }; Id = 'ContainerNameTaken'; Category = 'ResourceExists'; Names = 'stranger' }
        @{ Script = { $image | Start-Rollout "docker/$Prefix-port" -Port 8080 -Publish "127.0.0.1:${taken}:8080" }; Names = "$taken" }
        @{ Script = { $image | Start-Rollout "docker/$Prefix-foreign" -MaxUnavailable 1 }; Category = 'InvalidArgument'; Names = 'MaxUnavailable' }
    )
}

BeforeAll {
    . $PSScriptRoot/TestSetup.ps1
    $context = New-TestContext "$TestDrive/context"
    $empty = (New-Item "$TestDrive/empty" -ItemType Directory).FullName
    if (docker version --format ok 2>$null) { $image = New-TestImage v1 }

    $stranger = [Net.Sockets.TcpListener]::new([Net.IPAddress]::Loopback, 0)
    $stranger.Start()
    $taken = $stranger.LocalEndpoint.Port

    function Assert-Failure($Failure, $Id, $Category, $Names) {
        if ($Id) { $Failure.FullyQualifiedErrorId | Should -BeLike "$Id,*" }
        if ($Category) { $Failure.CategoryInfo.Category | Should -Be $Category }
        "$Failure" | Should -BeLike "*$Names*"
        $Failure.FullyQualifiedErrorId | Should -Not -BeLike 'UnexpectedError*'
        if ($Failure.Exception -is [Rollout.RolloutException]) {
            $Failure.ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
            if ($Id -ne 'TargetMissing') { $Failure.TargetObject | Should -Not -BeNullOrEmpty }
        }
    }
}

AfterAll {
    $stranger.Stop()
    Remove-TestObjects
}

Describe 'Bad input' {
    It 'gets <Id> from <Script>' -ForEach $Offline {
        Assert-Failure (Get-Failure $Script) $Id $Category $Names
    }
}

Describe 'Bad input to an engine' -Skip:$NoDocker {
    BeforeAll { docker create --name "$Prefix-stranger-1-1" $image.Reference.ToString() | Out-Null }

    It 'gets <Category> <Id> from <Script>, and changes nothing' -ForEach $Online {
        $before = (Get-EngineState) -replace '(?m)^127\.0\.0\.1:1/.*$'
        Assert-Failure (Get-Failure $Script) $Id $Category $Names
        (Get-EngineState) -replace '(?m)^127\.0\.0\.1:1/.*$' | Should -Be $before
    }
}

Describe 'What a daemon says' -Skip:$NoDocker {
    It 'is shown, and acts neither on a terminal nor on a CI agent' {
        $escape = [char]27
        $loud = New-TestContext "$TestDrive/loud"
        Add-Content $loud/Dockerfile "RUN [`"/bin/busybox`", `"sh`", `"-c`", `"echo '##vso[task.complete]told'; printf '\\\\033[31mred'; exit 3`"]"
        $all = try { New-RolloutImage $loud -Tag "$Prefix/loud:1" -Verbose -ErrorAction Stop *>&1 } catch { $record = $_; $_ }
        $record.FullyQualifiedErrorId | Should -BeLike 'BuildStepFailed,*'
        "$record" | Should -BeLike '*told*'
        "$record" | Should -BeLike '*Dockerfile*'
        ($all + $record | Out-String) | Should -Not -Match "$escape\[31m|##vso\["
    }
}
