import { type Command, Option } from 'commander';
import { UsageError } from '../../console/failure.ts';
import { LINK_FORMS, type LinkChoice, USUAL_LINK } from '../../endpoint/links.ts';
import type { Disclosed } from '../../life/api/wire.ts';
import { AGREED_BY_ITSELF, type QrOptions } from '../../life/phone/options.ts';
import { checkOrigin, parseLink } from '../option-values.ts';
import type { DeclareVerb } from '../program.ts';
import { declareDelegation } from './phone-delegation.ts';
import {
  addCode,
  addPhone,
  answerOption,
  discloseOption,
  folderOf,
  newPinOption,
  type Typed,
  type TypedCode,
  testOption,
  withCode,
} from './phone-options.ts';
import { declarePerson } from './phone-person.ts';
import { declarePhoneServe } from './phone-serve.ts';

interface TypedActivate extends TypedCode {
  issuer?: string;
  ticketFile?: string;
  identity?: string;
  person?: string;
  newPinFile?: string;
  test?: boolean;
  timeout: number;
}
interface TypedCredential extends TypedCode {
  txCodeFile?: string;
  renew?: boolean;
  anotherOffer?: boolean;
  timeout: number;
}
interface TypedPresent extends TypedCode {
  link: LinkChoice;
  wait?: boolean;
  presence?: boolean;
  disclose?: Disclosed[];
  stay?: boolean;
  fault?: string;
  timeout: number;
}
interface TypedQr extends TypedCode {
  presence?: boolean;
  offline?: boolean;
  delegation?: string;
  disclose?: Disclosed[];
  png?: string;
  svg?: string;
  text?: boolean;
  timeout: number;
}
interface TypedChange extends TypedCode {
  newPinFile?: string;
  puk?: boolean;
  pukFile?: string;
  test?: boolean;
}

export const declarePhone: DeclareVerb = (program, perform) => {
  const phone = program
    .command('phone')
    .description('the phone with its card: activation, code, presentation by NFC and QR, the card’s end');
  addCode(
    phone
      .command('activate')
      .description('give this phone a card, or go on with an activation that was cut short, up to the PUK'),
  )
    .option('--issuer <url>', 'the issuer (default: that of the activation that was begun)')
    .option(
      '--ticket-file <file>',
      'what the issuer or the identity gave for it, in the first line (otherwise VITAP_TICKET)',
    )
    .addOption(
      new Option(
        '--identity <url>',
        'in place of a ticket: the identity provider at which a person agrees that the issuer gets an identity',
      ).conflicts('ticketFile'),
    )
    .option('--person <id>', 'who agrees, by the id in people.json of the identity provider (default: the only one)')
    .addOption(newPinOption())
    .addOption(testOption())
    .addOption(answerOption())
    .action((typed: TypedActivate) =>
      perform(typed, async (io) => {
        const { issuer = null, ticketFile = null, newPinFile = null, test = false, timeout: timeoutMs } = typed;
        const { identity = null, person = null } = typed;
        if (identity !== null) checkOrigin(identity);
        else if (person !== null) throw new UsageError('--person goes with --identity');
        const { activate } = await import('../../life/phone/verbs.ts');
        const options = { ...withCode(typed), issuer, ticketFile, identity, person, newPinFile, test, timeoutMs };
        return activate(options, io);
      }),
    );
  addCode(phone.command('unlock').description('open the window of a running presentation again, with the code')).action(
    (typed: TypedCode) =>
      perform(typed, async (io) => (await import('../../life/phone/verbs.ts')).unlock(withCode(typed), io)),
  );
  addPhone(phone.command('lock').description('close the window of a running presentation')).action((typed: Typed) =>
    perform(typed, async (io) => (await import('../../life/phone/verbs.ts')).lock(folderOf(typed), io)),
  );
  declarePresent(phone, perform);
  declareQr(phone, perform);
  declarePhoneServe(phone, perform);
  declareDelegation(phone, perform);
  declarePerson(phone, perform);
  addCode(phone.command('change-code').description('choose another code, with the old one or with the PUK'))
    .addOption(newPinOption())
    .option('--puk', 'the code is blocked: use the PUK')
    .option('--puk-file <file>', 'the PUK in the first line of a file (otherwise VITAP_PUK)')
    .addOption(testOption())
    .action((typed: TypedChange) =>
      perform(typed, async (io) => {
        const { newPinFile = null, puk = false, pukFile = null, test = false } = typed;
        const { changeCode } = await import('../../life/phone/verbs.ts');
        const options = { ...withCode(typed), newPinFile, puk: puk || pukFile !== null, pukFile, test };
        return changeCode(options, io);
      }),
    );
  addCode(
    phone
      .command('sync')
      .description('ask the issuer whether this card is the active one; claims come, a revoked card is wiped'),
  )
    .addOption(answerOption())
    .action((typed: TypedCode & { timeout: number }) =>
      perform(typed, async (io) => {
        const { sync } = await import('../../life/phone/verbs.ts');
        return sync({ ...withCode(typed), timeoutMs: typed.timeout }, io);
      }),
    );
  addCode(
    phone
      .command('credential')
      .description('get the card’s SD-JWT VC from the issuer by OpenID4VCI, or a new one when it is due'),
  )
    .option(
      '--tx-code-file <file>',
      'the transaction code in the first line of a file (otherwise VITAP_TX_CODE, or asked for)',
    )
    .option('--renew', 'get a new one also when the one on the card is good for long')
    .addOption(
      new Option('--another-offer', 'ask the issuer for another offer, when the last one has ended').conflicts([
        'renew',
        'txCodeFile',
      ]),
    )
    .addOption(answerOption())
    .action((typed: TypedCredential) =>
      perform(typed, async (io) => {
        const { txCodeFile = null, renew = false, anotherOffer = false, timeout: timeoutMs } = typed;
        const { credential } = await import('../../life/phone/verbs.ts');
        return credential({ ...withCode(typed), txCodeFile, renew, anotherOffer, timeoutMs }, io);
      }),
    );
  addCode(
    phone.command('status').description('what the phone knows of its card; with the code, the invoices too'),
  ).action((typed: TypedCode) =>
    perform(typed, async (io) => (await import('../../life/phone/verbs.ts')).status(withCode(typed), io)),
  );
  addPhone(phone.command('wipe').description('end the card on this phone: all that it holds is overwritten'))
    .option('--yes', 'wipe it without asking: for scripts, and where there is no terminal')
    .action((typed: Typed & { yes?: boolean }) =>
      perform(typed, async (io) => {
        const { wipe } = await import('../../life/phone/verbs.ts');
        return wipe({ ...folderOf(typed), yes: typed.yes === true }, io);
      }),
    );
};

function declarePresent(phone: Command, perform: Parameters<DeclareVerb>[1]): void {
  addCode(phone.command('present').description('present the card by NFC: a window of 60 s for one reader'))
    .addOption(new Option('--link <link>', LINK_FORMS).argParser(parseLink).default(USUAL_LINK, 'vpcd'))
    .option('--wait', 'wait for the virtual reader or the board when it is not there yet')
    .option('--presence', 'have the issuer mint a presence, which a reader by NFC resolves')
    .addOption(discloseOption())
    .option('--stay', 'stay on the link after the window has closed, until Ctrl-C')
    .addOption(new Option('--fault <name>', 'a phone that answers slowly').choices(['slow-phone']))
    .addOption(answerOption())
    .action((typed: TypedPresent) =>
      perform(typed, async (io) => {
        const options = {
          ...withCode(typed),
          link: typed.link,
          wait: typed.wait === true,
          presence: typed.presence === true ? (typed.disclose ?? AGREED_BY_ITSELF) : null,
          stay: typed.stay === true,
          slow: typed.fault === 'slow-phone',
          timeoutMs: typed.timeout,
        };
        const { present } = await import('../../life/phone/present.ts');
        return present(options, io);
      }),
    );
}

function declareQr(phone: Command, perform: Parameters<DeclareVerb>[1]): void {
  addCode(phone.command('qr').description('a QR code that presents the card, good for 60 s'))
    .option('--presence', 'a single-use string of the issuer (the default)')
    .option('--offline', 'signed by the card itself, for when the network is down')
    .option('--delegation <id>', 'the presence is for whoever delegated that to this phone (`phone delegations`)')
    .addOption(discloseOption())
    .option('--png <file>', 'write it as a picture')
    .option('--svg <file>', 'write it as SVG')
    .option('--text', 'print the text of the code alone')
    .addOption(answerOption())
    .action((typed: TypedQr) =>
      perform(typed, async (io) => {
        const options = qrOptions(typed);
        const { qr } = await import('../../life/phone/verbs.ts');
        return qr(options, io);
      }),
    );
}

function qrOptions(typed: TypedQr): QrOptions {
  const { presence = false, offline = false, delegation = null, png, svg, text = false, timeout: timeoutMs } = typed;
  if (presence && offline) throw new UsageError('--presence and --offline: one of them');
  if ([png !== undefined, svg !== undefined, text].filter((given) => given).length > 1) {
    throw new UsageError('--png, --svg and --text: one of them');
  }
  if (offline && delegation !== null) throw new UsageError('--delegation goes with --presence: the issuer keeps it');
  if (offline && typed.disclose !== undefined) {
    throw new UsageError('--disclose goes with --presence: the offline code shows what the issuer has signed');
  }
  const picture =
    png !== undefined
      ? ({ as: 'png', file: png } as const)
      : svg !== undefined
        ? ({ as: 'svg', file: svg } as const)
        : null;
  return {
    ...withCode(typed),
    kind: offline ? 'offline' : 'presence',
    agreed: typed.disclose ?? null,
    delegation,
    picture,
    text,
    timeoutMs,
  };
}
