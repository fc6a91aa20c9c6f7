import { existsSync } from 'node:fs';
import { isVirtualReader } from '../../../src/hal/vpcd/reader-name.ts';
import { type CheckResult, type Finding, runChecks } from '../../doctor/check.ts';
import { CHECKS } from '../../doctor/checks/index.ts';
import type { ProbedReader } from '../../doctor/checks/pcsc.ts';
import type { Machine } from '../../doctor/machine.ts';
import { identifyBoard, type ListedPort } from '../../endpoint/board-identity.ts';
import { pcscBackend } from '../../endpoint/driver.ts';
import { type LinkChoice, linkDriver, USUAL_LINK } from '../../endpoint/links.ts';
import { listedPorts } from '../../endpoint/ports.ts';
import { type ReaderChoice, readerDriver } from '../../endpoint/readers.ts';
import type { Capability } from '../api/capability.ts';
import type { BenchFile, FiledCard, FiledReader } from './bench-file.ts';
import { boardDevice } from './board-devices.ts';
import type { FiledBoard } from './filed-board.ts';
import { portThings } from './things.ts';

/** A reader or board at this bench: what the lab is told of it, and how it is opened. */
export interface LocalDevice {
  readonly capability: Capability;
  /** Null at a board. */
  readonly reader: ReaderChoice | null;
  readonly readerText: string;
  /** Where a card of ours is put for this reader; null: in process, or nowhere. */
  readonly link: LinkChoice | null;
  readonly board: FiledBoard | null;
  /** The card that lies there, where the bench file knows it. */
  readonly card: FiledCard | null;
  /** What no other device may use at the same time: ports, names of readers. */
  readonly things: readonly string[];
  /** Whether its port or drive is there now. */
  isThere(): boolean;
}

/** What the doctor saw of PC/SC. */
export interface SeenReaders {
  readonly driver: 'pcsc' | 'pcsc-ffi';
  readonly readers: readonly ProbedReader[];
}

const LOOKED_AT: readonly string[] = ['nfc-pcsc', 'pcsc-ffi', 'pcscd', 'readers'];

/** Looks with the doctor's eyes: every probe in a process of its own. */
export async function seeReaders(machine: Machine, signal: AbortSignal): Promise<SeenReaders> {
  const found = new Map<string, CheckResult>();
  const checks = CHECKS.filter(({ id }) => LOOKED_AT.includes(id));
  await runChecks(checks, machine, signal, (result) => void found.set(result.id, result));
  return {
    driver: found.get('nfc-pcsc')?.verdict === 'pass' ? 'pcsc' : 'pcsc-ffi',
    readers: readersOf(found.get('readers')),
  };
}

function readersOf(finding: Finding | undefined): readonly ProbedReader[] {
  return (finding?.data?.readers as readonly ProbedReader[] | undefined) ?? [];
}

/** All devices of this bench as they are now. */
export async function devicesOf(file: BenchFile, seen: SeenReaders): Promise<readonly LocalDevice[]> {
  const listed = file.boards.length + file.readers.length === 0 ? [] : await listedPorts();
  const filed = await Promise.all(file.readers.map((each) => filedDevice(each, file, seen, listed)));
  const named = file.readers.flatMap(({ reader }) => ('name' in reader && reader.name !== null ? [reader.name] : []));
  const others = file.pcsc ? seen.readers.filter(({ name }) => !named.some((part) => name.includes(part))) : [];
  return [
    ...Array.from({ length: file.inProcess }, (_, i) => inProcess(i + 1)),
    ...others.map((each) => pcscDevice(each, seen.driver, file)),
    ...filed.flatMap((each) => each ?? []),
    ...file.boards.flatMap((each) => boardDevice(each, listed) ?? []),
  ];
}

/** A reader in process, with a card of ours in it. */
function inProcess(number: number): LocalDevice {
  return {
    capability: {
      device: `loopback:${number}`,
      kind: 'reader',
      driver: 'loopback',
      model: 'a reader in process',
      backend: 'simulated',
      interfaces: ['contact', 'contactless'],
      protocols: [],
      extended: true,
      ours: true,
      identity: null,
      card: null,
    },
    reader: { driver: 'loopback' },
    readerText: 'loopback',
    link: null,
    board: null,
    card: null,
    things: [],
    isThere: () => true,
  };
}

/** What is seen of PC/SC where nobody looks. */
export const NOBODY: SeenReaders = { driver: 'pcsc', readers: [] };

/** vpcd's first slot: the one that our link reaches. */
const FIRST_SLOT = /Virtual PCD 00 00$/;

function pcscDevice(seen: ProbedReader, driver: SeenReaders['driver'], file: BenchFile): LocalDevice {
  const { name, cardPresent, atr } = seen;
  const virtual = isVirtualReader(name);
  const ours = virtual && FIRST_SLOT.test(name) && !cardPresent;
  const card = cardPresent ? knownCard(file, name, atr) : null;
  const there = atr === null ? null : ofAtr(atr);
  return {
    capability: {
      device: `${driver}:${name}`,
      kind: 'reader',
      driver,
      model: name,
      backend: pcscBackend(name),
      interfaces: ours ? ['contact', 'contactless'] : (there?.interfaces ?? []),
      protocols: ours ? ['T=0', 'T=1'] : (there?.protocols ?? []),
      // Of a reader of somebody else nobody knows before it was tried; the bench file may say it.
      extended: virtual,
      ours,
      identity: null,
      card: cardPresent && atr !== null ? { atr, label: card?.label ?? null } : null,
    },
    reader: { driver, name },
    readerText: `${driver}:${name}`,
    link: ours ? USUAL_LINK : null,
    board: null,
    card,
    things: [`pcsc:${name}`, ...(ours ? linkThings(USUAL_LINK, NOBODY) : [])],
    isThere: () => true,
  };
}

function knownCard({ cards }: BenchFile, reader: string, atr: string | null): FiledCard | null {
  const known = cards.find((each) => {
    if (each.atr !== null && each.atr !== atr) return false;
    return each.reader === null || reader.includes(each.reader);
  });
  return known ?? null;
}

/** A card that the file says lies there, where nobody sees it before it is tapped. */
function namedCard({ cards }: BenchFile, reader: string): FiledCard | null {
  return cards.find((each) => each.reader !== null && reader.includes(each.reader)) ?? null;
}

/** Interface and protocols as an ATR says them: PC/SC makes one up for a contactless card (part 3). */
function ofAtr(atr: string): Pick<Capability, 'interfaces' | 'protocols'> {
  const bytes = Buffer.from(atr, 'hex');
  const contactless = bytes[0] === 0x3b && (bytes[1] ?? 0) >> 4 === 8 && bytes[2] === 0x80 && bytes[3] === 0x01;
  // Its TD1 says T=0 and its TD2 T=1, and T=1 is what PC/SC speaks with it.
  if (contactless) return { interfaces: ['contactless'], protocols: ['T=1'] };
  return { interfaces: ['contact'], protocols: offeredProtocols(bytes) };
}

/** The protocols of the TD bytes of ISO/IEC 7816-3; without any it is T=0. */
function offeredProtocols(atr: Uint8Array): Capability['protocols'] {
  const found = new Set<'T=0' | 'T=1'>();
  let present = (atr[1] ?? 0) >> 4;
  let at = 2;
  while ((present & 8) !== 0) {
    at += [1, 2, 4].filter((bit) => (present & bit) !== 0).length;
    const td = atr[at++];
    if (td === undefined) break;
    if ((td & 0x0f) === 0) found.add('T=0');
    if ((td & 0x0f) === 1) found.add('T=1');
    present = td >> 4;
  }
  return found.size === 0 ? ['T=0'] : [...found];
}

/** @returns null: it is not there */
async function filedDevice(
  filed: FiledReader,
  file: BenchFile,
  seen: SeenReaders,
  listed: readonly ListedPort[],
): Promise<LocalDevice | null> {
  const { reader, text, link, interface: cardInterface, extendedLength } = filed;
  const listedReader = 'name' in reader ? seen.readers.find(({ name }) => name.includes(reader.name ?? '')) : undefined;
  if ('name' in reader && listedReader === undefined) return null;
  const base = listedReader === undefined ? null : pcscDevice(listedReader, seen.driver, file);
  const port = readerDriver(reader).serialPort?.(reader);
  const linkPort = link === null ? undefined : linkDriver(link).serialPort?.(link);
  const isThere = (): boolean => [port, linkPort].every((path) => path === undefined || existsSync(path));
  if (!isThere()) return null;
  const linkBackend = link === null ? null : await linkDriver(link).backend(link);
  const backend = port === undefined ? (base?.capability.backend ?? 'hardware') : identifyBoard(port, listed).backend;
  // Without a link nobody puts another card there than the one that the file names.
  const card = link === null ? (base === null ? namedCard(file, text) : base.card) : null;
  return {
    capability: {
      device: text,
      kind: 'reader',
      driver: reader.driver,
      model: base?.capability.model ?? text,
      // One end of the pair in software makes the whole a simulation.
      backend: linkBackend === 'simulated' ? 'simulated' : backend,
      interfaces: cardInterface === null ? (base?.capability.interfaces ?? []) : [cardInterface],
      protocols: cardInterface === 'contactless' && base === null ? ['ISO-DEP'] : (base?.capability.protocols ?? []),
      extended: extendedLength,
      ours: link !== null,
      identity: null,
      card: base?.capability.card ?? (card === null ? null : { atr: card.atr ?? '', label: card.label }),
    },
    reader,
    readerText: text,
    link,
    board: null,
    card,
    things: [...(base?.things ?? []), ...portThings(port, linkPort), ...linkThings(link, seen)],
    isThere,
  };
}

/** What a link takes that is no serial port: a reader of PC/SC, or a slot of vpcd. */
function linkThings(link: LinkChoice | null, { readers }: SeenReaders): string[] {
  if (link?.driver === 'acr122') {
    return readers.filter(({ name }) => name.includes(link.name)).map(({ name }) => `pcsc:${name}`);
  }
  return link?.driver === 'vpcd' ? [`vpcd:${link.host}:${link.port}`] : [];
}
