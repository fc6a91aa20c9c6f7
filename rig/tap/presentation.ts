import { toHex } from '../../src/apdu/hex.ts';
import {
  ageOn,
  formatEuros,
  formatNir,
  type Invoice,
  isKeyed,
  isWithin,
  type KeyedNir,
  organismName,
  type Period,
  qualityName,
  regimeName,
} from '../../src/applet/vitale/index.ts';
import type { ChannelAccount } from '../channel/open-channel.ts';
import { channelInWords } from '../channel/words.ts';
import { shown } from '../console/shown.ts';
import type { TapAccount } from './account.ts';
import { ndefLines } from './ndef.ts';
import type { CardReading } from './reading.ts';

/** What a tap prints besides the card's own content. */
export interface TapScene {
  readonly reader: string;
  /** Which driver of ours served it: `pcsc`, `pcsc-ffi`, `loopback`. */
  readonly driver: string;
  readonly protocol: string;
  readonly atr: Uint8Array;
  /** AAAAMMJJ: ages and rights are those of this day. */
  readonly today: string;
  /** How the secure channel was opened; absent or null: all was sent in clear. */
  readonly channel?: ChannelAccount | null;
}

/** Invoices shown; the card keeps more. */
const INVOICES_SHOWN = 5;

/** The card as a person wants to read it, why it refused what it refused, and where the time went. */
export function present(
  reading: CardReading,
  account: TapAccount,
  scene: TapScene,
  explanations: readonly string[] = [],
): string {
  // PC/SC has two drivers: the second one is named when it serves.
  const by = scene.driver === 'pcsc-ffi' ? ' (by FFI)' : '';
  const lines = [`Reader    ${shown(scene.reader)}, ${scene.protocol}${by}`, `ATR       ${toHex(scene.atr, ' ')}`];
  if (scene.channel != null) {
    const [first, ...more] = channelInWords(scene.channel);
    lines.push(`Channel   ${first}`, ...more.map((line) => `          ${line}`));
  }
  if (reading.validity !== null) {
    const type = reading.validity.type === 'T' ? 'test card' : `type ${reading.validity.type}`;
    lines.push(`Card      ${type}, valid from ${isoDate(reading.validity.validFrom)}`);
  }
  lines.push('', ...(reading.ndef === null ? people(reading, scene.today) : ndefLines(reading.ndef)));
  if (reading.affiliation !== null) lines.push('', ...affiliation(reading.affiliation));
  if (reading.invoices.length > 0) lines.push('', ...invoices(reading));
  if (reading.pointed.length > 0) lines.push('', ...pointed(reading));
  const verdicts = reading.checks.filter(({ id, verdict }) => verdict === 'fail' || id === 'signature');
  if (verdicts.length > 0)
    lines.push('', ...verdicts.map(({ id, verdict, detail }) => `${verdict.toUpperCase()}  ${id}: ${detail}`));
  if (reading.refusals.length > 0) {
    lines.push('', 'Not given');
    for (const { what, status, detail } of reading.refusals) lines.push(`  ${what}: ${status ?? '–'} ${detail}`);
  }
  if (explanations.length > 0) lines.push('', 'Why', ...explanations.map((sentence) => `  ${sentence}.`));
  lines.push('', ...whereTheTimeWent(account));
  return `${lines.join('\n')}\n`;
}

function people(reading: CardReading, today: string): string[] {
  if (reading.beneficiaries.length > 0) {
    const lines = ['Insured and dependants'];
    for (const person of reading.beneficiaries) {
      const name = `${person.firstName} ${person.usualName}`;
      const birthName = person.birthName === null ? '' : ` (born ${person.birthName})`;
      const quality = qualityName(person.quality) ?? `quality ${person.quality}`;
      lines.push(`  ${person.index}  ${name}${birthName}, ${quality}, born ${born(person.birthDate, today)}`);
      if (person.certifiedNir !== null) lines.push(`     NIR ${nir(person.certifiedNir)}`);
      const periods = reading.rights.filter((right) => right.beneficiaryIndex === person.index);
      if (periods.length > 0) lines.push(`     rights ${periods.map((period) => right(period, today)).join('; ')}`);
    }
    return lines;
  }
  if (reading.identities.length === 0) return ['No person is readable on this card'];
  const lines = ['Insured and dependants (free to read)'];
  reading.identities.forEach((person, place) => {
    lines.push(`  ${place + 1}  ${person.firstName} ${person.name}, born ${born(person.birthDate, today)}`);
    const number = reading.nirs[place]?.nir ?? null;
    if (number !== null) lines.push(`     NIR ${nir(number)}`);
  });
  return lines;
}

function born(date: string, today: string): string {
  const age = ageOn(date, today);
  return age === null ? isoDate(date) : `${isoDate(date)}, ${age} years`;
}

function nir(number: KeyedNir): string {
  return `${formatNir(number.nir)}  key ${number.key} ${isKeyed(number) ? '(right)' : '(WRONG)'}`;
}

function right(period: Period, today: string): string {
  const state = isWithin(period, today) ? 'open' : 'closed';
  return `${isoDate(period.start)} to ${period.end === null ? '…' : isoDate(period.end)} (${state})`;
}

function affiliation(data: NonNullable<CardReading['affiliation']>): string[] {
  const regime = regimeName(data.regime);
  const organism = organismName(data);
  return [
    'Affiliation',
    `  régime ${data.regime}${regime === null ? '' : ` ${regime}`}`,
    `  caisse ${data.caisse}${organism === null ? '' : ` ${organism}`}, centre ${data.centre}, code gestion ${data.codeGestion}`,
  ];
}

function invoices(reading: CardReading): string[] {
  const shown = reading.invoices.slice(0, INVOICES_SHOWN);
  const firstName = (index: number): string =>
    reading.beneficiaries.find((person) => person.index === index)?.firstName ?? `person ${index}`;
  const rows = shown.map((invoice: Invoice) => [
    isoDate(invoice.date),
    invoice.professionalName,
    firstName(invoice.beneficiaryIndex),
    formatEuros(invoice.total),
    `AMO ${formatEuros(invoice.amo)}`,
    `AMC ${formatEuros(invoice.amc)}`,
    `patient ${formatEuros(invoice.patient)}`,
    invoice.thirdParty ? 'third-party' : '',
    invoice.status,
  ]);
  const count = reading.invoices.length;
  const title = count > shown.length ? `Last ${shown.length} of ${count} invoices` : 'Invoices';
  return [title, ...columns(rows, [3, 4, 5, 6])];
}

function pointed(reading: CardReading): string[] {
  const rows = reading.pointed.map(({ application, fid, file, bytes }) => [application, fid, file, `${bytes} bytes`]);
  return ['Files along POINTERS', ...columns(rows, [3])];
}

function whereTheTimeWent(account: TapAccount): string[] {
  const rows = [
    ['', 'exchanges', 'bytes out', 'bytes in', 'ms', ...(account.firmware === null ? [] : ['in firmware'])],
    ...account.phases.map((phase) => [
      phase.phase,
      phase.exchanges === 0 ? '' : `${phase.exchanges}`,
      phase.exchanges === 0 ? '' : `${phase.sentBytes}`,
      phase.exchanges === 0 ? '' : `${phase.receivedBytes}`,
      milliseconds(phase.microseconds),
      ...(phase.firmwareMicroseconds === null ? [] : [milliseconds(phase.firmwareMicroseconds)]),
    ]),
    ['this program', '', '', '', milliseconds(account.hostMicroseconds)],
    ...(account.protection === null
      ? []
      : [
          [
            '  of it secure messaging',
            `${account.protection.exchanges}`,
            '',
            '',
            milliseconds(account.protection.microseconds),
          ],
        ]),
    [
      ...['total', `${account.exchanges}`, '', '', milliseconds(account.totalMicroseconds)],
      ...(account.firmware === null ? [] : [milliseconds(account.firmware.microseconds)]),
    ],
  ];
  const { slowest } = account;
  const footer =
    slowest === null
      ? []
      : [
          `  slowest: ${slowest.command} ${slowest.header}, ${milliseconds((slowest.endNs - slowest.startNs) / 1000)} ms`,
        ];
  return ['Where the time went', ...columns(rows, [1, 2, 3, 4, 5]), ...footer];
}

/** Rows as aligned columns, two spaces in; `right` lists the columns of figures. */
function columns(rows: readonly (readonly string[])[], right: readonly number[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => {
    const cells = row.map((cell, column) =>
      right.includes(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
    );
    return `  ${cells.join('  ').trimEnd()}`;
  });
}

function milliseconds(microseconds: number): string {
  return (microseconds / 1000).toFixed(3);
}

/** AAAAMMJJ as AAAA-MM-JJ; anything else as it is. */
function isoDate(date: string): string {
  return /^\d{8}$/.test(date) ? `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}` : date;
}
