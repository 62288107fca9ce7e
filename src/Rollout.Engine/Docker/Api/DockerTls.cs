using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Rollout.Engine.Docker.Api;

/// <summary>How an engine behind TLS is verified, and what this client shows of itself.</summary>
public sealed record DockerTls
{
    /// <summary>The PEM file of the authorities that may have signed the engine's certificate; null for the system's.</summary>
    public string? CaFile { get; init; }

    /// <summary>The PEM file of this client's certificate; null for none.</summary>
    public string? CertificateFile { get; init; }

    /// <summary>The PEM file of its key.</summary>
    public string? KeyFile { get; init; }

    /// <summary>Takes any certificate of the engine.</summary>
    public bool SkipVerify { get; init; }

    internal SslClientAuthenticationOptions ToSslOptions()
    {
        var options = new SslClientAuthenticationOptions();
        if (CertificateFile is not null) options.ClientCertificateContext = SslStreamCertificateContext.Create(ClientCertificate(), null, offline: true);
        if (SkipVerify)
        {
#pragma warning disable CA5359 // Asked for: SkipTLSVerify, or DOCKER_TLS without DOCKER_TLS_VERIFY.
            options.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
            return options;
        }

        if (CaFile is null) return options;
        options.CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
        };
        Read(CaFile, () => options.CertificateChainPolicy.CustomTrustStore.ImportFromPemFile(CaFile));
        return options;
    }

    private X509Certificate2 ClientCertificate()
    {
        X509Certificate2? certificate = null;
        Read(CertificateFile!, () => certificate = X509Certificate2.CreateFromPemFile(CertificateFile!, KeyFile));
        // Windows cannot use a key that is only in memory.
        return OperatingSystem.IsWindows()
            ? X509CertificateLoader.LoadPkcs12(certificate!.Export(X509ContentType.Pkcs12), null)
            : certificate!;
    }

    private static void Read(string file, Action read)
    {
        try
        {
            read();
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw DockerErrors.CertificateUnusable(file, e);
        }
    }
}
