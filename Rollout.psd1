@{
    RootModule           = 'out/Rollout/0.1.0/Rollout.Module.dll'
    ModuleVersion        = '0.1.0'
    GUID                 = '7d0b2a56-6c5e-4c55-9d2f-5f1f0c1b8a34'
    Author               = 'The Rollout authors'
    CompanyName          = 'The Rollout authors'
    Copyright            = '(c) The Rollout authors. MIT licence.'
    Description          = 'Takes source to running software safely: build, tag, push with proof, roll out, check health, undo.'
    PowerShellVersion    = '7.6'
    CompatiblePSEditions = @('Core')
    FormatsToProcess     = @('out/Rollout/0.1.0/Rollout.Format.ps1xml')
    CmdletsToExport      = @(
        'New-RolloutHealthCheck'
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
