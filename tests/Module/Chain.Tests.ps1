# The main job in one pipeline: build, tag, push with proof, roll out behind a real HAProxy, check, undo.
BeforeDiscovery {
    $Missing = -not ($env:ROLLOUT_TEST_REGISTRY -and $env:ROLLOUT_TEST_ROUTER -and (docker version --format ok 2>$null))
}

BeforeAll {
    . $PSScriptRoot/TestSetup.ps1
    $site = $env:ROLLOUT_TEST_ROUTER_URI

    function Publish-Version([string] $Version, [string] $Command) {
        New-TestImage $Version chain $Command | Set-ImageTag "$Registry/$Prefix/chain:$Version" | Publish-Image
    }
}

AfterAll { Remove-TestObjects }

Describe 'The chain' -Skip:$Missing {
    It 'takes a directory to a service behind the router, its path relative to where the user stands' {
        Push-Location (Split-Path $env:ROLLOUT_TEST_ROUTER)
        try {
            $health = Publish-Version v1 |
                Start-Rollout "docker/$Prefix-chain" -Replicas 2 -Port 8080 -Router haproxy -RouterEndpoint "./$(Split-Path $env:ROLLOUT_TEST_ROUTER -Leaf)" -Backend $env:ROLLOUT_TEST_BACKEND |
                Test-RolloutHealth -Uri $site
        } finally { Pop-Location }
        $health.Verdict | Should -Be Healthy
        $health.Rollout.Image.Digest | Should -Not -BeNullOrEmpty
        (Invoke-RestMethod $site).Trim() | Should -Be v1
    }

    It 'needs to be told neither port nor router again' {
        $rollout = Publish-Version v2 | Start-Rollout "docker/$Prefix-chain"
        $rollout.Phase | Should -Be Healthy
        $rollout.Desired | Should -Be 2
        (Invoke-RestMethod $site).Trim() | Should -Be v2
    }

    It 'catches a version that does not come up, and the one before goes on serving' {
        $errors = @()
        $rollout = Publish-Version v3 '["/bin/busybox", "false"]' | Start-Rollout "docker/$Prefix-chain" -ErrorAction SilentlyContinue -ErrorVariable errors
        $rollout.Phase | Should -BeIn Undone, Failed
        $errors.FullyQualifiedErrorId | Should -BeLike 'RolloutFailed,*'
        (Invoke-RestMethod $site).Trim() | Should -Be v2
    }

    It 'goes back' {
        (Get-RolloutHistory "docker/$Prefix-chain" | Where-Object { $_.Image.Tag -eq 'v1' } | Undo-Rollout -Force).Image.Tag | Should -Be v1
        (Invoke-RestMethod $site).Trim() | Should -Be v1
    }
}
