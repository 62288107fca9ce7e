# The one manifest. Here it points at the module as build.ps1 lays it out, so that Import-Module ./Rollout.psd1 works from a clone;
# in the module as laid out, that line names the module's own files instead (src/Rollout.Module/Stage.targets).
@{
    NestedModules        = @('out/Rollout/0.1.0/Rollout.psd1')
    ModuleVersion        = '0.1.0'
    GUID                 = '7d0b2a56-6c5e-4c55-9d2f-5f1f0c1b8a34'
    Author               = 'The Rollout authors'
    CompanyName          = 'The Rollout authors'
    Copyright            = '(c) The Rollout authors. MIT licence.'
    Description          = 'Takes source to running software safely: build, tag, push with proof, roll out, check health, undo.'
    PowerShellVersion    = '7.6'
    CompatiblePSEditions = @('Core')
    # With commas one expression; without, PowerShell would compile a statement for each at every import.
    CmdletsToExport      = @(
        'Get-Rollout',
        'Get-RolloutHistory',
        'New-RolloutHealthCheck',
        'New-RolloutImage',
        'Publish-Image',
        'Restart-Rollout',
        'Resume-Rollout',
        'Set-ImageTag',
        'Start-Rollout',
        'Stop-Rollout',
        'Suspend-Rollout',
        'Test-RolloutEnvironment',
        'Test-RolloutHealth',
        'Undo-Rollout',
        'Wait-Rollout',
        'Watch-Rollout'
    )
    FunctionsToExport    = @()
    VariablesToExport    = @()
    AliasesToExport      = @()
    PrivateData          = @{
        PSData = @{
            Tags       = @('Docker', 'Kubernetes', 'Deployment', 'Rollout', 'HAProxy', 'Registry', 'DevOps')
            LicenseUri = 'https://opensource.org/license/mit'
        }
    }
}
