import { fromHex } from '../../src/apdu/hex.ts';
import type { Applet } from '../../src/applet/applet.ts';
import { Card } from '../../src/applet/card.ts';
import { KEY, PIN } from '../../src/applet/image/layout.ts';
import { personalise } from '../../src/applet/image/personalise.ts';
import type {
  AccessRules,
  AccessVector,
  CardSpecification,
  DirectorySpecification,
  FileSpecification,
  SecurityAttributeSpecification,
  SecurityEnvironmentSpecification,
} from '../../src/applet/image/specification.ts';
import { UNLIMITED } from '../../src/hal/apdu-size.ts';
import type { LinkedCard } from '../../src/hal/card-link.ts';
import { MemoryNvm } from '../../src/hal/nvm/memory.ts';
import type { Nvm } from '../../src/hal/nvm.ts';
import type { Random } from '../../src/hal/random.ts';
import { VirtualClock } from '../../src/hal/virtual/clock.ts';
import { LARGEST_ANSWER } from './answer.ts';
import { CHALLENGE_BYTE, KEYS } from './key-model.ts';
import {
  CODES,
  type CodePlan,
  type DirectoryPlan,
  FILES,
  type FilePlan,
  type Operation,
  PLAN,
  PROPRIETARY,
  WINDOW_SECONDS,
  WINDOW_USES,
} from './plan.ts';
import { quickGroup } from './quick-group.ts';
import { CARD_INTERFACES, type CardInterface, type Rule } from './rule.ts';

/** The plan as a real card, and what a run of steps needs of it. */
export interface RealCard {
  /** As the card booted last. */
  port(cardInterface: CardInterface): LinkedCard;
  /** The phone restarts. */
  restart(): void;
  /** Power is lost, and the card boots from its memory. */
  reboot(): void;
  wait(seconds: number): void;
  /** Tries left of each code, then of each key, as they stand in the memory. */
  tries(): number[];
}

/** How the rules of files are written; what they mean is the same. */
export type RuleForm = 'compact' | 'expanded' | 'referenced';
export const RULE_FORMS: readonly RuleForm[] = ['compact', 'expanded', 'referenced'];

const APPLET: Applet = {
  aid: fromHex(PROPRIETARY.name),
  commands: PROPRIETARY.instructions.map((ins) => ({
    ins,
    classes: PROPRIETARY.classes,
    name: 'PROPRIETARY',
    standard: 'none',
    cases: [2],
    parameters: [{ p1: [0, 0], p2: [0, 0], meaning: 'what the plan says' }],
    chaining: false,
    lifeCycle: 'activated',
    security: 'none',
    cost: 'ram',
    execute: ({ response }) => {
      for (const byte of PROPRIETARY.answer) response.bytes[response.length++] = byte;
      return 0x9000;
    },
  })),
};

/** Every challenge is the same, so that steps can be made before they run. */
const ALIKE: Random = { fill: (target, offset, length) => void target.fill(CHALLENGE_BYTE, offset, offset + length) };

const crypto = quickGroup();
const images: Map<RuleForm, Uint8Array> = new Map();

function imageOf(form: RuleForm): Uint8Array {
  const known = images.get(form);
  if (known !== undefined) return known;
  const made = personalise(specification(form), crypto);
  images.set(form, made);
  return made;
}

/** @param memory made of the image; a test of the model gives one that does not do what it should */
export function realCard(form: RuleForm, memory: new (image: Uint8Array) => Nvm = MemoryNvm): RealCard {
  const nvm = new memory(imageOf(form));
  const clock = new VirtualClock();
  const onFault = (fault: unknown): void => {
    throw fault;
  };
  const boot = (): { card: Card; ports: Record<CardInterface, LinkedCard> } => {
    const card = new Card({ nvm, clock, crypto, random: ALIKE, applets: [APPLET], onFault });
    const ports = byInterface((cardInterface) =>
      card.port(cardInterface, { ...UNLIMITED, largestResponse: LARGEST_ANSWER[cardInterface] + 2 }),
    );
    for (const cardInterface of CARD_INTERFACES) ports[cardInterface].powerOn();
    return { card, ports };
  };
  let running = boot();
  const { pins, keys } = running.card.image;
  const counters = [
    ...pins.map(({ address }) => address + PIN.TRIES_LEFT),
    ...keys.map(({ address }) => address + KEY.TRIES_LEFT),
  ];
  return {
    port: (cardInterface) => running.ports[cardInterface],
    restart: () => {
      running.card.reset();
      for (const cardInterface of CARD_INTERFACES) running.ports[cardInterface].powerOn();
    },
    reboot: () => {
      running = boot();
    },
    wait: (seconds) => clock.advance(seconds * 1_000_000_000),
    tries: () => counters.map((address) => nvm.readByte(address)),
  };
}

/** Environment numbers, the same on the whole card, each in the directory of its code. */
const ENVIRONMENTS: Readonly<Record<string, number>> = { own: 1, light: 3, other: 4, card: 5, unblocking: 6 };
const KEY_ENVIRONMENTS: Readonly<Record<string, number>> = { reader: 8, local: 9 };
const HOLDER_ENVIRONMENTS: Readonly<Record<string, number>> = { own: 2, other: 7 };

function specification(form: RuleForm): CardSpecification {
  return {
    profile: 'model',
    serial: fromHex('4D4F44454C'),
    secret: new Uint8Array(32).fill(0x5e),
    interface: 'contact',
    link: { protocol: 'T=1', historicalBytes: new Uint8Array(0), atr: null, uid: null },
    holder: { windowSeconds: WINDOW_SECONDS, uses: WINDOW_USES },
    masterFile: withCardAccess(withRuleFile(directory(PLAN, form), form)),
  };
}

function directory(plan: DirectoryPlan, form: RuleForm): DirectorySpecification {
  return {
    kind: 'directory',
    fid: plan.fid,
    name: plan.name === null ? null : fromHex(plan.name),
    label: null,
    lifeCycle: plan.lifeCycle ?? 'activated',
    // b2 create EF, b3 create DF, b4 deactivate, b5 activate.
    access: rules((_, bit) => {
      const rule = bit === 1 || bit === 2 ? plan.creating : bit === 3 || bit === 4 ? plan.switching : undefined;
      return rule ?? null;
    }, plan),
    pins: plan.codes.map((code) => ({
      reference: code.reference,
      code: digits(code.value),
      minLength: code.minLength,
      maxLength: code.maxLength,
      paddedLength: 0,
      paddingByte: 0xff,
      tries: code.tries,
      access: byInterface((cardInterface) => condition(code.rules[cardInterface], plan)),
      unlocksHolder: code.unlocksHolder,
      canBeDisabled: code.canBeDisabled,
      unblockedBy: code.unblockedBy,
      ...(code.password !== undefined && { password: code.password }),
    })),
    environments: [
      ...plan.codes.filter(({ password }) => password === undefined).flatMap((code) => environments(code)),
      ...plan.keys.map(({ id, reference }) => ({
        id: KEY_ENVIRONMENTS[id] as number,
        by: 'key' as const,
        key: reference,
      })),
    ],
    keys: plan.keys.map(({ reference, value, tries }) => ({
      reference,
      uses: ['external-authentication'] as const,
      algorithm: { kind: 'aes', bytes: 16 } as const,
      value: fromHex(value),
      ciphers: [],
      tries,
      access: byInterface(() => 0x00),
      generate: byInterface(() => 0xff),
    })),
    children: [
      ...plan.files.map((file) => elementary(file, plan, form)),
      ...plan.directories.map((each) => directory(each, form)),
    ],
  };
}

function environments({ id, reference, unlocksHolder }: CodePlan): SecurityEnvironmentSpecification[] {
  const own: SecurityEnvironmentSpecification = { id: ENVIRONMENTS[id] as number, pin: reference, by: 'verify' };
  return unlocksHolder ? [own, { id: HOLDER_ENVIRONMENTS[id] as number, pin: reference, by: 'holder' }] : [own];
}

function elementary(plan: FilePlan, parent: DirectoryPlan, form: RuleForm): FileSpecification {
  const { fid, sfi, structure, content, lifeCycle, recordSize, capacity } = plan;
  const access =
    form === 'compact'
      ? rules((cardInterface, bit) => plan.rules[OPERATIONS[bit] as Operation]?.[cardInterface] ?? null, parent)
      : CLOSED;
  const attributes = form === 'compact' ? {} : byInterface((cardInterface) => attribute(plan, cardInterface, form));
  const common = { fid, sfi, lifeCycle, access, attributes };
  if (structure === 'transparent') return { kind: structure, ...common, content: content[0] as Uint8Array };
  return { kind: structure, ...common, recordSize, capacity, records: content };
}

/** b1 read, b2 update, b3 write or append, b4 deactivate, b5 activate. */
const OPERATIONS: readonly Operation[] = ['read', 'update', 'append', 'deactivate', 'activate'];
/** Under an expanded or referenced rule the compact one is not looked at: it says "never". */
const CLOSED: AccessRules = rules(() => null, PLAN);
/** EF.ARR, in the MF: a record for each file and interface. */
const RULE_FILE_FID = 0x0a01;
const RULE_FILE_RECORD = 100;

function attribute(plan: FilePlan, cardInterface: CardInterface, form: RuleForm): SecurityAttributeSpecification {
  if (form === 'expanded') return { form, value: expandedRule(plan, cardInterface) };
  const record = FILES.indexOf(plan) * CARD_INTERFACES.length + CARD_INTERFACES.indexOf(cardInterface) + 1;
  return { form: 'referenced', value: Uint8Array.of(RULE_FILE_FID >> 8, RULE_FILE_FID & 0xff, record) };
}

function withRuleFile(masterFile: DirectorySpecification, form: RuleForm): DirectorySpecification {
  if (form !== 'referenced') return masterFile;
  const records = FILES.flatMap((file) => CARD_INTERFACES.map((cardInterface) => expandedRule(file, cardInterface)));
  const ruleFile: FileSpecification = {
    kind: 'linear-variable',
    fid: RULE_FILE_FID,
    sfi: null,
    access: CLOSED,
    recordSize: RULE_FILE_RECORD,
    capacity: records.length,
    records,
  };
  return { ...masterFile, children: [...masterFile.children, ruleFile] };
}

/** EF.CardAccess, which is not in the plan: PACE-ECDH-GM-AES-CBC-CMAC-128 with domain parameters 13. */
function withCardAccess(masterFile: DirectorySpecification): DirectorySpecification {
  const content = fromHex('31143012060A04007F0007020204020202010202010D');
  const file: FileSpecification = { kind: 'transparent', fid: 0x011c, sfi: null, access: CLOSED, content };
  return { ...masterFile, children: [...masterFile.children, file] };
}

/** Access mode data objects 80 with their conditions, as ISO/IEC 7816-4 writes them. An operation without a rule is "never". */
function expandedRule(plan: FilePlan, cardInterface: CardInterface): Uint8Array {
  const parts = OPERATIONS.flatMap((operation, bit) => [
    0x80,
    0x01,
    1 << bit,
    ...expanded(plan.rules[operation][cardInterface]),
  ]);
  return Uint8Array.from(parts);
}

function expanded(rule: Rule): number[] {
  switch (rule.is) {
    case 'always':
      return [0x90, 0x00];
    case 'never':
      return [0x97, 0x00];
    case 'secure-messaging':
      return [0xb4, 0x00];
    case 'external-authentication':
      return [0x9e, 0x01, 0x20];
    case 'key':
      return [0xa4, 0x06, 0x83, 0x01, keyReference(rule.key), 0x95, 0x01, 0x80];
    case 'holder':
      return [0x9e, 0x01, 0x10 | (HOLDER_ENVIRONMENTS[rule.code] as number)];
    case 'code':
      return [0xa4, 0x06, 0x83, 0x01, reference(rule.code), 0x95, 0x01, 0x08];
    default: {
      const inside = rule.of.flatMap((each) => expanded(each));
      return [{ any: 0xa0, all: 0xaf, none: 0xa7 }[rule.is], inside.length, ...inside];
    }
  }
}

function keyReference(id: string): number {
  return KEYS.find((key) => key.id === id)?.reference as number;
}

function reference(id: string): number {
  return CODES.find((code) => code.id === id)?.reference as number;
}

function rules(of: (cardInterface: CardInterface, bit: number) => Rule | null, parent: DirectoryPlan): AccessRules {
  const vector = (cardInterface: CardInterface): AccessVector =>
    Array.from({ length: 7 }, (_, bit) => {
      const rule = of(cardInterface, bit);
      return rule === null ? 0xff : condition(rule, parent);
    }) as unknown as AccessVector;
  return byInterface(vector);
}

/** The security condition byte of a rule. */
function condition(rule: Rule, parent: DirectoryPlan): number {
  switch (rule.is) {
    case 'always':
      return 0x00;
    case 'never':
      return 0xff;
    case 'secure-messaging':
      return 0x40;
    case 'external-authentication':
      return 0x20;
    case 'key':
      return 0x20 | (KEY_ENVIRONMENTS[rule.key] as number);
    case 'holder':
      return 0x10 | (HOLDER_ENVIRONMENTS[rule.code] as number);
    case 'code':
      // Without a number: the first code of the application, here the card's own.
      return parent.fid === 0x5000 ? 0x10 : 0x10 | (ENVIRONMENTS[rule.code] as number);
    case 'any':
      return rule.of.reduce((byte, each) => byte | condition(each, parent), 0);
    case 'all':
      return rule.of.reduce((byte, each) => byte | condition(each, parent), 0x80);
    case 'none':
      throw new Error('"none of" has no compact form');
  }
}

function byInterface<T>(of: (cardInterface: CardInterface) => T): Record<CardInterface, T> {
  return { contact: of('contact'), contactless: of('contactless'), wired: of('wired') };
}

function digits(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
