import { formatNir } from '../../../src/applet/vitale/index.ts';
import type { DataDocument } from './document.ts';
import type { Issues } from './issues.ts';

/** What ties people, rights and invoices together. */
export function checkData({ insured, beneficiaries, invoices }: DataDocument, issues: Issues): void {
  const indices = new Set<number>();
  beneficiaries.forEach(({ index, quality, certifiedNir }, position) => {
    const path = ['data', 'beneficiaries', position];
    if (indices.has(index)) issues.report([...path, 'index'], `another beneficiary has index ${index}`);
    indices.add(index);
    const isFirst = position === 0;
    if ((quality === 0) !== isFirst) {
      const message = isFirst
        ? 'the first beneficiary is the insured, quality 0'
        : 'only the first beneficiary is the insured';
      issues.report([...path, 'quality'], message);
    }
    if (isFirst && certifiedNir !== null && certifiedNir.nir !== insured.nir) {
      const message = `the insured has NIR ${formatNir(insured.nir)} above, and another one here`;
      issues.report([...path, 'certifiedNir'], message);
    }
  });
  const numbers = new Set<string>();
  invoices.forEach(({ number, beneficiaryIndex }, position) => {
    const path = ['data', 'invoices', position];
    if (numbers.has(number)) issues.report([...path, 'number'], `another invoice has number ${number}`);
    numbers.add(number);
    if (!indices.has(beneficiaryIndex)) {
      issues.report([...path, 'beneficiary'], `no beneficiary has index ${beneficiaryIndex}`);
    }
  });
}
