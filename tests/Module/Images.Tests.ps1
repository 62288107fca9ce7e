BeforeDiscovery {
    $NoDocker = -not (docker version --format ok 2>$null)
    $NoRegistry = $NoDocker -or -not $env:ROLLOUT_TEST_REGISTRY
    $NoLogin = $NoDocker -or -not $env:ROLLOUT_TEST_REGISTRY_LOGIN
}

BeforeAll { . $PSScriptRoot/TestSetup.ps1 }
AfterAll { Remove-TestObjects }

Describe 'New-RolloutImage' -Skip:$NoDocker {
    It 'builds a directory, named relative to PowerShell''s own location' {
        New-TestContext "$TestDrive/$Prefix-here" | Out-Null
        Push-Location $TestDrive
        try { $image = New-RolloutImage "./$Prefix-here" } finally { Pop-Location }
        $image | Should -BeOfType Rollout.RolloutImage
        $image.Reference.Repository | Should -Be "library/$Prefix-here"
        $image.Id | Should -Be (docker image inspect --format '{{.Id}}' "$Prefix-here:$($image.Reference.Tag)")
        $image.Id.Substring('sha256:'.Length) | Should -BeLike "$($image.Reference.Tag)*"
    }

    It 'gives the tags and labels asked for, and takes arguments' {
        $context = New-TestContext "$TestDrive/args"
        Add-Content $context/Dockerfile "ARG COLOUR`nLABEL colour=`$COLOUR"
        $image = New-RolloutImage $context -Tag "$Prefix/args:1.10", "$Prefix/args:x" -BuildArg @{ COLOUR = 'blue' } -Label @{ team = 'shop' }
        $image.References | ForEach-Object { "$($_.Repository):$($_.Tag)" } | Should -Be "$Prefix/args:1.10", "$Prefix/args:x"
        $image.Labels['colour'] | Should -Be blue
        $image.Labels['team'] | Should -Be shop
    }

    It 'builds every directory of the pipeline' {
        $paths = 'one', 'two' | ForEach-Object { New-TestContext "$TestDrive/$Prefix-$_" $_ }
        $images = $paths | New-RolloutImage
        $images.Reference.Repository | Should -Be "library/$Prefix-one", "library/$Prefix-two"
    }

    It 'tells a secret''s file that is not there before anything is built, whoever builds: <_>' -ForEach 'Auto', 'BuildKit' {
        $context = New-TestContext "$TestDrive/nosecret"
        $failure = Get-Failure { New-RolloutImage $context -Tag "$Prefix/nosecret:1" -Secret @{ token = [IO.FileInfo]"$TestDrive/not-there" } -Builder $_ -ErrorAction Stop }
        $failure.FullyQualifiedErrorId | Should -BeLike 'SecretUnreadable,*'
    }

    It 'shows no secret, whatever is shown' {
        $context = New-TestContext "$TestDrive/secret"
        $secret = 'hunter2-5c1f'
        $all = New-RolloutImage $context -Tag "$Prefix/secret:1" -Secret @{ token = $secret } -Verbose -ErrorAction Continue *>&1 | Out-String
        $all | Should -Not -Match $secret
        "$($Error[0] | Format-List * -Force | Out-String)" | Should -Not -Match $secret
    }
}

Describe 'Set-ImageTag' -Skip:$NoDocker {
    BeforeAll { $image = New-TestImage v1 tagged }

    It 'gives the image one whole reference' {
        $tagged = $image | Set-ImageTag "registry.example.com:5000/$Prefix/shop:v1.2.0"
        $tagged.Reference.ToString() | Should -Be "registry.example.com:5000/$Prefix/shop:v1.2.0"
        docker image inspect --format '{{.Id}}' "registry.example.com:5000/$Prefix/shop:v1.2.0" | Should -Be $image.Id
    }

    It 'gives it several tags in another repository' {
        $tagged = $image | Set-ImageTag '1.10', 'stable' -Repository "$Prefix/other"
        $tagged.References.Tag | Should -Be '1.10', 'stable'
        $tagged.References.Repository | Should -Be "$Prefix/other", "$Prefix/other"
    }

    It 'takes a reference as text' {
        ("$Prefix/tagged:v1" | Set-ImageTag v2).Id | Should -Be $image.Id
    }

    It 'refuses unquoted numbers in a list' {
        $failure = Get-Failure { $image | Set-ImageTag 1.10, 1.20 }
        $failure.Exception.Message | Should -BeLike '*quote it*'
        $failure.CategoryInfo.Category | Should -Be InvalidData
    }
}

Describe 'Publish-Image' -Skip:$NoRegistry {
    It 'pushes every tag that was set, and proves it' {
        $published = New-TestImage v1 published | Set-ImageTag v1, stable -Registry $Registry | Publish-Image
        $published | Should -BeOfType Rollout.PublishedImage
        $published.Verified | Should -BeTrue
        $published.References.Tag | Should -Be v1, stable
        $published.Layers.Count | Should -Be 2
        foreach ($tag in 'v1', 'stable') {
            $answer = Invoke-WebRequest "http://$Registry/v2/$Prefix/published/manifests/$tag" -Method Head -Headers @{ Accept = $published.MediaType }
            "$($answer.Headers['Docker-Content-Digest'])" | Should -Be $published.Digest
        }
    }

    It 'refuses with -Immutable to replace a tag' {
        New-TestImage v1 immutable | Set-ImageTag 1 -Registry $Registry | Publish-Image -Immutable | Out-Null
        $failure = Get-Failure { New-TestImage v2 immutable | Set-ImageTag 1 -Registry $Registry | Publish-Image -Immutable }
        $failure.FullyQualifiedErrorId | Should -BeLike 'TagIsImmutable,*'
    }

    It 'logs in with -Credential, and shows the password nowhere' -Skip:$NoLogin {
        $password = $env:ROLLOUT_TEST_REGISTRY_PASSWORD
        $credential = [pscredential]::new('rollout', (ConvertTo-SecureString $password -AsPlainText))
        $image = New-TestImage v1 login | Set-ImageTag v1 -Registry $env:ROLLOUT_TEST_REGISTRY_LOGIN
        $all = $image | Publish-Image -Credential $credential -Verbose *>&1
        ($all | Where-Object { $_ -is [Rollout.PublishedImage] }).Verified | Should -BeTrue
        $all | Out-String | Should -Not -Match ([regex]::Escape($password))
    }

    It 'tells a wrong password, and shows it nowhere' -Skip:$NoLogin {
        $credential = [pscredential]::new('rollout', (ConvertTo-SecureString 'not-the-password-9d2' -AsPlainText))
        $image = New-TestImage v1 login | Set-ImageTag v1 -Registry $env:ROLLOUT_TEST_REGISTRY_LOGIN
        $failure = Get-Failure { $image | Publish-Image -Credential $credential }
        $failure.CategoryInfo.Category | Should -Be AuthenticationError
        $failure | Format-List * -Force | Out-String | Should -Not -Match 'not-the-password-9d2'
    }
}
