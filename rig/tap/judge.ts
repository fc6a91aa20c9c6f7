import { isKeyed, refuseSignature } from '../../src/applet/vitale/index.ts';
import type { CardReading } from './reading.ts';

/** Judges what was read, when the session is over: checking a signature takes longer than many taps. */
export async function judge(reading: CardReading): Promise<void> {
  judgeNirs(reading);
  if (reading.signed !== null) await judgeSignature(reading, reading.signed);
}

function judgeNirs(reading: CardReading): void {
  const fromBeneficiaries = reading.beneficiaries.map(({ index, certifiedNir }) => ({ index, nir: certifiedNir }));
  const fromNirFile = reading.nirs.map(({ nir }, place) => ({ index: place + 1, nir }));
  for (const { index, nir } of fromBeneficiaries.length > 0 ? fromBeneficiaries : fromNirFile) {
    if (nir === null) continue;
    const right = isKeyed(nir);
    reading.checks.push({
      id: `nir-key-${index}`,
      verdict: right ? 'pass' : 'fail',
      detail: right ? 'the key is the key of the number' : 'the key is not the key of the number',
    });
  }
}

async function judgeSignature(reading: CardReading, signed: NonNullable<CardReading['signed']>): Promise<void> {
  const [{ nobleCrypto }, { TEST_AUTHORITY_PUBLIC_KEY }] = await Promise.all([
    import('../../src/hal/noble/index.ts'),
    import('../card/profile/test-keys.ts'),
  ]);
  const reason = refuseSignature(nobleCrypto(), TEST_AUTHORITY_PUBLIC_KEY, signed.files, signed.content);
  reading.checks.push({
    id: 'signature',
    verdict: reason === null ? 'pass' : 'fail',
    detail: reason ?? 'affiliation, beneficiaries and rights are as they were signed (test key)',
  });
}
