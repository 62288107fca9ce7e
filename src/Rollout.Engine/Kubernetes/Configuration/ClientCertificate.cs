using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Rollout.Engine.Kubernetes.Api;

namespace Rollout.Engine.Kubernetes.Configuration;

/// <summary>Certificates from the PEM text that kubeconfig and plugins give.</summary>
internal static class ClientCertificate
{
    /// <summary>A certificate with its key.</summary>
    public static X509Certificate2 Read(string certificate, string key, string what)
    {
        try
        {
            using var pair = X509Certificate2.CreateFromPem(certificate, key);
            // Windows' TLS does not take a key that lives in memory only, so the pair goes through PKCS#12 everywhere.
            return X509CertificateLoader.LoadPkcs12(pair.Export(X509ContentType.Pkcs12), null);
        }
        catch (CryptographicException e)
        {
            throw KubernetesErrors.CertificateUnreadable(what, e.Message.TrimEnd('.'), e);
        }
    }

    /// <summary>Authorities to trust: one or more certificates.</summary>
    public static X509Certificate2Collection ReadAuthorities(byte[] pem, string what)
    {
        var authorities = new X509Certificate2Collection();
        try
        {
            authorities.ImportFromPem(Encoding.UTF8.GetString(pem));
        }
        catch (CryptographicException e)
        {
            throw KubernetesErrors.CertificateUnreadable(what, e.Message.TrimEnd('.'), e);
        }

        return authorities.Count > 0 ? authorities : throw KubernetesErrors.CertificateUnreadable(what, "it holds no certificate");
    }
}
