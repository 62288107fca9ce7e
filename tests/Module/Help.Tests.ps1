BeforeDiscovery {
    . $PSScriptRoot/TestSetup.ps1
    $Cmdlets = Get-Command -Module Rollout | ForEach-Object { @{ Name = $_.Name; Command = $_ } }
}

BeforeAll { . $PSScriptRoot/TestSetup.ps1 }

Describe 'Help of <Name>' -ForEach $Cmdlets {
    BeforeAll {
        $help = Get-Help $Name -Full
        $common = [System.Management.Automation.Internal.CommonParameters].GetProperties().Name + 'ProgressAction', 'WhatIf', 'Confirm'
    }

    It 'has a synopsis and a description' {
        $help.Synopsis | Should -Not -BeNullOrEmpty
        $help.Synopsis.Trim() | Should -Not -BeLike "$Name*"
        $help.description.Text | Should -Not -BeNullOrEmpty
    }

    It 'describes each parameter' {
        foreach ($parameter in $Command.Parameters.Keys | Where-Object { $_ -notin $common }) {
            $described = $help.parameters.parameter | Where-Object name -EQ $parameter
            $described.description.Text | Should -Not -BeNullOrEmpty -Because "-$parameter must be described"
        }
    }

    It 'has three examples that parse and use only parameters that are there' {
        $examples = @($help.examples.example)
        $examples.Count | Should -BeGreaterOrEqual 3
        foreach ($example in $examples) {
            $problems = $null
            $ast = [System.Management.Automation.Language.Parser]::ParseInput($example.code, [ref]$null, [ref]$problems)
            $problems | Should -BeNullOrEmpty -Because $example.code
            foreach ($call in $ast.FindAll({ $args[0] -is [System.Management.Automation.Language.CommandAst] }, $true)) {
                $called = Get-Command $call.GetCommandName() -ErrorAction Stop
                foreach ($given in $call.CommandElements | Where-Object { $_ -is [System.Management.Automation.Language.CommandParameterAst] }) {
                    $called.ResolveParameter($given.ParameterName) | Should -Not -BeNullOrEmpty -Because $example.code
                }
            }
        }
    }

    It 'tells inputs, outputs and where to read on' {
        $help.inputTypes.inputType.type.name | Should -Not -BeNullOrEmpty
        $help.returnValues.returnValue.type.name | Should -Be $Command.OutputType.Name
        $help.relatedLinks.navigationLink.linkText | Should -Not -BeNullOrEmpty
    }
}

Describe 'Help' {
    It 'is there from the manifest at the root, too' {
        Invoke-Fresh 'Import-Module $Root/Rollout.psd1; (Get-Help New-RolloutImage).Synopsis' | Should -Be (Get-Help New-RolloutImage).Synopsis
    }

    It 'has a topic about Rollout' { Get-Help about_Rollout | Should -BeLike '*about_Rollout*' }
}
