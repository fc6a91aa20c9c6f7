import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Disclosed } from '../../life/api/wire.ts';
import { AGREED_BY_ITSELF } from '../../life/phone/options.ts';
import type { Perform } from '../program.ts';
import {
  addCode,
  addPhone,
  answerOption,
  discloseOption,
  folderOf,
  type Typed,
  type TypedCode,
  withCode,
} from './phone-options.ts';

interface TypedDelegate extends TypedCode {
  to: string;
  beneficiary: number;
  days: number;
  disclose?: Disclosed[];
  timeout: number;
}

const MOST_DAYS = 30;
const MOST_BENEFICIARIES = 255;

/** `phone delegate`, `delegations`, `undelegate`. */
export function declareDelegation(phone: Command, perform: Perform): void {
  addCode(
    phone.command('delegate').description('let another phone present for one beneficiary of this card, for some days'),
  )
    .addOption(
      new Option('--to <key>', 'the other phone: the key that its `phone delegations` shows')
        .argParser(parseKey)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--beneficiary <number>', 'for whom, by the number on the card')
        .argParser(numberUpTo(MOST_BENEFICIARIES))
        .makeOptionMandatory(),
    )
    .addOption(new Option('--days <number>', `how long, 1 to ${MOST_DAYS}`).argParser(numberUpTo(MOST_DAYS)).default(1))
    .addOption(discloseOption())
    .addOption(answerOption())
    .action((typed: TypedDelegate) =>
      perform(typed, async (io) => {
        const { to, beneficiary: beneficiaryIndex, days, disclose: agreed = AGREED_BY_ITSELF, timeout } = typed;
        const { delegate } = await import('../../life/phone/delegation-verbs.ts');
        return delegate({ ...withCode(typed), to, beneficiaryIndex, days, agreed, timeoutMs: timeout }, io);
      }),
    );
  addPhone(
    phone
      .command('delegations')
      .description('what this phone delegated and was given, and the key by which another one delegates to it'),
  )
    .addOption(answerOption())
    .action((typed: Typed & { timeout: number }) =>
      perform(typed, async (io) => {
        const { delegations } = await import('../../life/phone/delegation-verbs.ts');
        return delegations({ ...folderOf(typed), timeoutMs: typed.timeout }, io);
      }),
    );
  addPhone(phone.command('undelegate <id>').description('end a delegation that this phone gave, at once'))
    .addOption(answerOption())
    .action((delegation: string, typed: Typed & { timeout: number }) =>
      perform(typed, async (io) => {
        const { undelegate } = await import('../../life/phone/delegation-verbs.ts');
        return undelegate({ ...folderOf(typed), delegation, timeoutMs: typed.timeout }, io);
      }),
    );
}

/** A thumbprint as RFC 7638 makes it with SHA-256: 43 characters of base64url. */
function parseKey(text: string): string {
  if (/^[A-Za-z0-9_-]{43}$/.test(text)) return text;
  throw new InvalidArgumentError('A key has 43 characters: `vitap phone delegations` of the other phone shows it.');
}

function numberUpTo(most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d{1,3}$/.test(text) && number >= 1 && number <= most) return number;
    throw new InvalidArgumentError(`A whole number from 1 to ${most} is needed.`);
  };
}
