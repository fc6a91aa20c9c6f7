import { z } from 'zod';
import { Issues } from '../../card/profile/issues.ts';
import { medicalRefusal, withoutMedical } from '../../card/profile/medical.ts';
import { date, digits, euros, integer, text, yesNo } from '../../card/profile/scalars.ts';
import { plain, readSource } from '../../card/profile/source.ts';
import { readInputText } from '../../console/input-file.ts';
import { type Claim, isProfessionalName, sumProblem } from '../credential/claim.ts';

/** Far more than a claim has. */
const LARGEST_CLAIM = 16_384;

const claimFile: z.ZodType<Claim> = z
  .strictObject({
    number: digits(9),
    date,
    beneficiary: integer(1, 255),
    professionalId: digits(9),
    professionalName: text.refine(isProfessionalName, { error: 'is longer than the card’s record has room for' }),
    total: euros,
    amo: euros,
    amc: euros,
    patient: euros,
    thirdParty: yesNo,
  })
  .check((context) => {
    const message = sumProblem(context.value);
    if (message !== null) context.issues.push({ code: 'custom', message, path: ['total'], input: undefined });
  })
  .transform(({ beneficiary, ...rest }) => ({ ...rest, beneficiaryIndex: beneficiary }));

/**
 * A claim as a person writes it, in YAML or JSON: the fields of an invoice in a profile, without `status`.
 * @throws {ProfileError} every fault with line and column; a field about health is refused for what it is
 */
export function readClaimFile(path: string): Claim {
  return parseClaim(readInputText(path, 'a claim', LARGEST_CLAIM), path);
}

/** @param name what errors call the text @throws {ProfileError} */
export function parseClaim(source: string, name: string): Claim {
  const written = readSource(source, name);
  const issues = new Issues(written);
  const clean = withoutMedical(written, (key, entry) => issues.reportKey(entry, medicalRefusal(key)));
  const read = claimFile.safeParse(plain(clean), { reportInput: true });
  if (!read.success) for (const issue of read.error.issues) issues.reportSchema(issue);
  issues.throwIfAny();
  return read.data as Claim;
}
