import { type CommandIo, EXIT, type ExitCode, writeJson } from '../../console/io.ts';
import { shown } from '../../console/shown.ts';
import type { Delegation } from '../api/wire.ts';
import { holdersCode, issuerOf, withPhone } from './at-the-phone.ts';
import type { AskingIssuer, DelegateOptions, PhoneOptions, UndelegateOptions } from './options.ts';

const DAY_MS = 86_400_000;

/** `vitap phone delegate`: lets another phone present for one beneficiary of this card. */
export function delegate(options: DelegateOptions, io: CommandIo): Promise<ExitCode> {
  return withPhone(options.folder, io, async (phone) => {
    const { to: delegateKey, beneficiaryIndex, agreed, days, timeoutMs } = options;
    const issuer = issuerOf(phone, timeoutMs, io);
    phone.expectActive();
    const order = { delegateKey, beneficiaryIndex, agreed, until: Date.now() + days * DAY_MS };
    const made = await phone.delegate(await holdersCode(options.pin, io), order, issuer);
    if (io.json) writeJson(io, { schema: 'vitap-phone-delegate', ...made });
    else {
      io.stdout(`${shown(made.id)}: until ${timeOf(made.until)} the other phone presents for ${whom(made)}.\n`);
      io.stdout(`There: vitap phone qr --delegation ${shown(made.id)}\n`);
    }
    return EXIT.pass;
  });
}

/** `vitap phone delegations`: those that this phone gave and was given, and the key by which it is given one. */
export function delegations(options: PhoneOptions & AskingIssuer, io: CommandIo): Promise<ExitCode> {
  return withPhone(options.folder, io, async (phone) => {
    const issuer = issuerOf(phone, options.timeoutMs, io);
    const key = phone.deviceThumbprint;
    const { given, received } = await phone.delegations(issuer);
    if (io.json) {
      writeJson(io, { schema: 'vitap-phone-delegations', key, given, received });
      return EXIT.pass;
    }
    io.stdout(`this phone   ${key}\n`);
    for (const [side, list] of [
      ['given', given],
      ['received', received],
    ] as const) {
      for (const each of list) io.stdout(`${side.padEnd(12)} ${shown(each.id)}  ${standing(each)}  ${whom(each)}\n`);
    }
    return EXIT.pass;
  });
}

/** `vitap phone undelegate`: ends one that this phone gave, at once; without the code, since it takes a permission away. */
export function undelegate(options: UndelegateOptions, io: CommandIo): Promise<ExitCode> {
  return withPhone(options.folder, io, async (phone) => {
    const { delegation, timeoutMs } = options;
    await phone.undelegate(delegation, issuerOf(phone, timeoutMs, io));
    if (io.json) writeJson(io, { schema: 'vitap-phone-undelegate', id: delegation, ended: true });
    else io.stdout(`${shown(delegation)} has ended.\n`);
    return EXIT.pass;
  });
}

function standing({ until, revokedAt }: Delegation): string {
  if (revokedAt !== null) return `ended ${timeOf(revokedAt)}`;
  return until <= Date.now() ? `over since ${timeOf(until)}` : `until ${timeOf(until)}`;
}

function whom({ beneficiaryIndex, agreed }: Delegation): string {
  return `beneficiary ${beneficiaryIndex} (${agreed.join(', ')})`;
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
