import { describe, expect, it } from 'vitest';
import type { ChannelFailureKind } from '../../../../rig/channel/channel-failure.ts';
import type { FailureKind } from '../../../../rig/console/failure.ts';
import { FAILURES } from '../../../../rig/life/counter/failures.ts';
import { QR_REFUSALS } from '../../../../rig/life/credential/qr-refusal.ts';
import { INTERFACE_REFUSALS, REQUEST_REFUSALS } from '../../../../rig/life/issuer/http/request-refusals.ts';
import { OPENID_REFUSALS } from '../../../../rig/life/issuer/openid/refusals.ts';
import { REFUSALS } from '../../../../rig/life/issuer/refusals.ts';
import {
  CHANNEL_REFUSALS_FR,
  COUNTER_REFUSALS_FR,
  ISSUER_REFUSALS_FR,
  MACHINE_REFUSALS_FR,
  OPENID_REFUSALS_FR,
  PHONE_REFUSALS_FR,
  QR_REFUSALS_FR,
  REQUEST_REFUSALS_FR,
  SERVER_REFUSALS_FR,
} from '../../../../rig/life/pages/refusals.ts';
import { PHONE_REFUSALS } from '../../../../rig/life/phone/refusals.ts';
import { WEAK_CODES } from '../../../../rig/life/phone/weak-code.ts';
import { WEB_REFUSALS } from '../../../../rig/web/refusal.ts';

// The compiler holds these two: their kinds are types alone. A fault is no refusal; channel, counter and phone name theirs.
const MACHINE: Readonly<Record<Exclude<FailureKind, 'fault' | 'channel' | 'counter' | 'phone'>, string>> =
  MACHINE_REFUSALS_FR;
const CHANNEL: Readonly<Record<`channel-${ChannelFailureKind}`, string>> = CHANNEL_REFUSALS_FR;

/** What the phone's page alone can meet. */
const PAGE_OF_PHONE = ['no-link', 'no-provider', 'identity-unknown', 'proof-needed', 'no-activation'];

const named = (prefix: string, table: object): string[] => Object.keys(table).map((code) => `${prefix}${code}`);

describe('every refusal has words in French, and every word a refusal', () => {
  it.each([
    ['a server', [...named('', WEB_REFUSALS), 'UNREACHABLE'], SERVER_REFUSALS_FR],
    ['the counter', [...named('', FAILURES), 'claim-malformed'], COUNTER_REFUSALS_FR],
    [
      'the phone',
      [...named('', PHONE_REFUSALS), ...named('weak-code-', WEAK_CODES), ...PAGE_OF_PHONE],
      PHONE_REFUSALS_FR,
    ],
    ['a QR code', named('qr-', QR_REFUSALS), QR_REFUSALS_FR],
    ['the issuer', named('issuer-', REFUSALS), ISSUER_REFUSALS_FR],
    [
      'a request to the issuer',
      [...named('issuer-', REQUEST_REFUSALS), ...named('issuer-', INTERFACE_REFUSALS)],
      REQUEST_REFUSALS_FR,
    ],
    [
      'identity and credential',
      named('issuer-', OPENID_REFUSALS).filter((code) => !Object.hasOwn(ISSUER_REFUSALS_FR, code)),
      OPENID_REFUSALS_FR,
    ],
  ])('of %s', (_name, codes, table) => {
    expect(Object.keys(table).sort()).toEqual(codes.sort());
  });

  it.each([
    ['a server', SERVER_REFUSALS_FR],
    ['the machine', MACHINE],
    ['a channel', CHANNEL],
    ['the counter', COUNTER_REFUSALS_FR],
    ['the phone', PHONE_REFUSALS_FR],
    ['a QR code', QR_REFUSALS_FR],
    ['the issuer', ISSUER_REFUSALS_FR],
    ['a request to the issuer', REQUEST_REFUSALS_FR],
    ['identity and credential', OPENID_REFUSALS_FR],
  ])('of %s: a sentence with its end, and French spaces', (_name, table) => {
    for (const sentence of Object.values(table)) {
      expect(sentence).toMatch(/^[A-ZÀ-Ý].*[.…]$/);
      expect(sentence).not.toMatch(/[^\s][;:!?](\s|$)/);
    }
  });
});
