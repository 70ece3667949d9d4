import { hash } from 'node:crypto';
import { Integer, OctetString } from 'asn1js';
import {
  AlgorithmIdentifier,
  Certificate,
  ContentInfo,
  type ExtKeyUsage,
  MessageImprint,
  SignedData,
  SignedDataVerifyError,
  TimeStampReq,
  TimeStampResp,
  TSTInfo,
} from 'pkijs';

/*
 * Time-stamps of RFC 3161: somebody else signs that a head existed at a time. What is stamped is the SHA-256 of the head's
 * 64 hex digits, so that any tool can check a token against that text; nothing else ever leaves the house.
 */

const SHA256 = '2.16.840.1.101.3.4.2.1';
const SIGNED_DATA = '1.2.840.113549.1.7.2';
const TST_INFO = '1.2.840.113549.1.9.16.1.4';
const EXTENDED_KEY_USAGE = '2.5.29.37';
const TIME_STAMPING = '1.3.6.1.5.5.7.3.8';

/** What is asked of an authority: DER, to be posted as `application/timestamp-query`. `nonce`: eight bytes of chance. */
export function timeStampRequest(head: string, nonce: Uint8Array): Uint8Array {
  const request = new TimeStampReq({
    version: 1,
    messageImprint: new MessageImprint({
      hashAlgorithm: new AlgorithmIdentifier({ algorithmId: SHA256 }),
      hashedMessage: new OctetString({ valueHex: imprintOf(head) }),
    }),
    nonce: integerOf(nonce),
    certReq: true,
  });
  return new Uint8Array(request.toSchema().toBER());
}

/** A head as an authority stamped it. */
export type TimeStamp = {
  /** Epoch ms, by the authority's clock. */
  readonly at: number;
  /** Who signed, e.g. `CN=Example TSA, O=Example`. */
  readonly authority: string;
  /** The token, DER. */
  readonly token: Uint8Array;
};

/** Reads an authority's answer. Throws if it refused, or if the token is not one for this head and nonce. */
export async function readTimeStampAnswer(
  answer: Uint8Array,
  head: string,
  nonce: Uint8Array,
  trusted: readonly string[],
): Promise<TimeStamp> {
  let response: TimeStampResp;
  try {
    response = TimeStampResp.fromBER(answer);
  } catch (cause) {
    throw new Error('the answer is no time-stamp', { cause });
  }
  const { status, timeStampToken } = response;
  if (status.status > 1 || timeStampToken === undefined) {
    const why = status.statusStrings?.map(({ valueBlock }) => valueBlock.value).join('; ') ?? '';
    throw new Error(`the authority refused, status ${status.status}${why === '' ? '' : `: ${why}`}`);
  }
  const token = new Uint8Array(timeStampToken.toSchema().toBER());
  const { info } = openToken(token);
  if (info.nonce === undefined || !info.nonce.isEqual(integerOf(nonce))) {
    throw new Error('the time-stamp answers another request');
  }
  return { ...(await checkTimeStamp(token, head, trusted)), token };
}

/**
 * Checks that a token stamps this head and that its signature fits; with trusted certificates (PEM) also that it leads to
 * one of them, for the time that was stamped. Throws, saying what is wrong.
 */
export async function checkTimeStamp(
  token: Uint8Array,
  head: string,
  trusted: readonly string[],
): Promise<{ readonly at: number; readonly authority: string }> {
  const { signed, info } = openToken(token);
  const { hashAlgorithm, hashedMessage } = info.messageImprint;
  if (
    hashAlgorithm.algorithmId !== SHA256 ||
    !Buffer.from(hashedMessage.valueBlock.valueHexView).equals(imprintOf(head))
  ) {
    throw new Error('the time-stamp is that of another head');
  }
  const anchors = trusted.flatMap(certificatesIn);
  let signer: Certificate | null | undefined;
  try {
    const result = await signed.verify({
      signer: 0,
      data: bytesOf(head),
      trustedCerts: anchors,
      checkChain: anchors.length > 0,
      checkDate: info.genTime,
      passedWhenNotRevValues: true,
      extendedMode: true,
    });
    if (result.signatureVerified !== true) throw new Error('the signature does not fit');
    signer = result.signerCertificate;
  } catch (cause) {
    const why =
      cause instanceof SignedDataVerifyError || cause instanceof Error ? cause.message : String(cause);
    throw new Error(`the signature of the time-stamp does not hold: ${why}`, { cause });
  }
  if (signer === null || signer === undefined) throw new Error('the time-stamp does not say who signed it');
  const usage = signer.extensions?.find(({ extnID }) => extnID === EXTENDED_KEY_USAGE);
  const purposes = (usage?.parsedValue as ExtKeyUsage | undefined)?.keyPurposes ?? [];
  if (!purposes.includes(TIME_STAMPING)) {
    throw new Error('the time-stamp is signed with a certificate that is not for time-stamping');
  }
  return { at: info.genTime.getTime(), authority: nameOf(signer) };
}

/** The certificates of a PEM text; empty if there are none. Throws if one cannot be read. */
export function certificatesIn(pem: string): Certificate[] {
  const bodies = pem.matchAll(/-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/g);
  return [...bodies].map(([, body = '']) => Certificate.fromBER(Buffer.from(body, 'base64')));
}

function openToken(token: Uint8Array): { readonly signed: SignedData; readonly info: TSTInfo } {
  try {
    const content = ContentInfo.fromBER(token);
    if (content.contentType !== SIGNED_DATA) throw new Error('it is not signed data');
    const signed = new SignedData({ schema: content.content });
    const { eContentType, eContent } = signed.encapContentInfo;
    if (eContentType !== TST_INFO || eContent === undefined) throw new Error('it holds no time');
    return { signed, info: TSTInfo.fromBER(eContent.getValue()) };
  } catch (cause) {
    throw new Error('the time-stamp cannot be read', { cause });
  }
}

const NAMES: Readonly<Record<string, string>> = { '2.5.4.3': 'CN', '2.5.4.10': 'O', '2.5.4.6': 'C' };

function nameOf({ subject }: Certificate): string {
  return subject.typesAndValues
    .flatMap(({ type, value }) =>
      NAMES[type] === undefined ? [] : [`${NAMES[type]}=${value.valueBlock.value}`],
    )
    .join(', ');
}

function imprintOf(head: string): Buffer {
  return hash('sha256', head, 'buffer');
}

function bytesOf(head: string): ArrayBuffer {
  return Uint8Array.from(Buffer.from(head)).buffer;
}

/** A positive number from bytes of chance: DER allows no sign and no zeros in front. */
function integerOf(nonce: Uint8Array): Integer {
  const bytes = Uint8Array.from(nonce);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return new Integer({ valueHex: bytes.buffer });
}
