import { webcrypto } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Integer, ObjectIdentifier, OctetString, PrintableString } from 'asn1js';
import {
  AlgorithmIdentifier,
  Attribute,
  AttributeTypeAndValue,
  BasicConstraints,
  Certificate,
  ContentInfo,
  EncapsulatedContentInfo,
  Extension,
  ExtKeyUsage,
  IssuerAndSerialNumber,
  MessageImprint,
  PKIStatusInfo,
  SignedAndUnsignedAttributes,
  SignedData,
  SignerInfo,
  TimeStampReq,
  TimeStampResp,
  TSTInfo,
} from 'pkijs';

const EC = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const TIME_STAMPING = '1.3.6.1.5.5.7.3.8';

export type Authority = {
  readonly url: string;
  /** The certificate that vouches for it, PEM. */
  readonly ca: string;
  /** What it was asked, DER. */
  readonly asked: readonly Buffer[];
  /** How it behaves from now on. */
  behave: 'well' | 'refuses' | 'answers nonsense' | 'hangs' | 'stamps another hash';
  readonly close: () => Promise<void>;
};

/** A time-stamping authority on loopback whose clock stands at `now()`. */
export async function startAuthority(now: () => number, purpose = TIME_STAMPING): Promise<Authority> {
  const validFrom = new Date(now() - 86_400_000);
  const root = await keyPair();
  const rootCertificate = await certify('Test Root', root, null, validFrom, []);
  const own = await keyPair();
  const usage = new ExtKeyUsage({ keyPurposes: [purpose] });
  const certificate = await certify(
    'Test TSA',
    own,
    { certificate: rootCertificate, keys: root },
    validFrom,
    [
      new Extension({
        extnID: '2.5.29.37',
        critical: true,
        extnValue: usage.toSchema().toBER(),
        parsedValue: usage,
      }),
    ],
  );
  const asked: Buffer[] = [];
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece);
    const query = Buffer.concat(pieces);
    asked.push(query);
    if (authority.behave === 'hangs') return;
    response.setHeader('content-type', 'application/timestamp-reply');
    if (authority.behave === 'answers nonsense') response.end('<html>');
    else if (authority.behave === 'refuses') {
      const refusal = new TimeStampResp({ status: new PKIStatusInfo({ status: 2 }) });
      response.end(Buffer.from(refusal.toSchema().toBER()));
    } else response.end(await stamp(query));
  });

  const stamp = async (query: Buffer): Promise<Buffer> => {
    const asking = TimeStampReq.fromBER(query);
    const imprint =
      authority.behave === 'stamps another hash'
        ? new MessageImprint({
            hashAlgorithm: new AlgorithmIdentifier({ algorithmId: '2.16.840.1.101.3.4.2.1' }),
            hashedMessage: new OctetString({ valueHex: new Uint8Array(32).buffer }),
          })
        : asking.messageImprint;
    const info = new TSTInfo({
      version: 1,
      policy: '1.2.3.4.1',
      messageImprint: imprint,
      serialNumber: new Integer({ value: asked.length }),
      genTime: new Date(now()),
      ...(asking.nonce === undefined ? {} : { nonce: asking.nonce }),
    });
    const signed = new SignedData({
      version: 3,
      encapContentInfo: new EncapsulatedContentInfo({
        eContentType: '1.2.840.113549.1.9.16.1.4',
        eContent: new OctetString({ valueHex: info.toSchema().toBER() }),
      }),
      signerInfos: [
        new SignerInfo({
          version: 1,
          sid: new IssuerAndSerialNumber({
            issuer: certificate.issuer,
            serialNumber: certificate.serialNumber,
          }),
        }),
      ],
      certificates: [certificate],
    });
    const content = info.toSchema().toBER();
    const digest = await webcrypto.subtle.digest('SHA-256', content);
    const [signer] = signed.signerInfos;
    if (signer === undefined) throw new Error('nobody signs');
    signer.signedAttrs = new SignedAndUnsignedAttributes({
      type: 0,
      attributes: [
        new Attribute({
          type: '1.2.840.113549.1.9.3',
          values: [new ObjectIdentifier({ value: '1.2.840.113549.1.9.16.1.4' })],
        }),
        new Attribute({ type: '1.2.840.113549.1.9.4', values: [new OctetString({ valueHex: digest })] }),
      ],
    });
    await signed.sign(own.privateKey, 0, 'SHA-256', content);
    const answer = new TimeStampResp({
      status: new PKIStatusInfo({ status: 0 }),
      timeStampToken: new ContentInfo({
        contentType: '1.2.840.113549.1.7.2',
        content: signed.toSchema(true),
      }),
    });
    return Buffer.from(answer.toSchema().toBER());
  };

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const authority: Authority = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/tsr`,
    ca: pemOf(rootCertificate),
    asked,
    behave: 'well',
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return authority;
}

async function keyPair(): Promise<webcrypto.CryptoKeyPair> {
  return (await webcrypto.subtle.generateKey(EC, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
}

async function certify(
  name: string,
  keys: webcrypto.CryptoKeyPair,
  issuer: { readonly certificate: Certificate; readonly keys: webcrypto.CryptoKeyPair } | null,
  validFrom: Date,
  extensions: Extension[],
): Promise<Certificate> {
  const certificate = new Certificate();
  certificate.version = 2;
  certificate.serialNumber = new Integer({ value: issuer === null ? 1 : 2 });
  const common = new AttributeTypeAndValue({ type: '2.5.4.3', value: new PrintableString({ value: name }) });
  certificate.subject.typesAndValues.push(common);
  certificate.issuer.typesAndValues.push(...(issuer?.certificate.subject.typesAndValues ?? [common]));
  certificate.notBefore.value = validFrom;
  certificate.notAfter.value = new Date(validFrom.getTime() + 366 * 86_400_000);
  const constraints = new BasicConstraints({ cA: issuer === null });
  certificate.extensions = [
    new Extension({
      extnID: '2.5.29.19',
      critical: true,
      extnValue: constraints.toSchema().toBER(),
      parsedValue: constraints,
    }),
    ...extensions,
  ];
  await certificate.subjectPublicKeyInfo.importKey(keys.publicKey);
  await certificate.sign((issuer?.keys ?? keys).privateKey, 'SHA-256');
  return certificate;
}

function pemOf(certificate: Certificate): string {
  const body = Buffer.from(certificate.toSchema(true).toBER()).toString('base64');
  return `-----BEGIN CERTIFICATE-----\n${body.replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
}
