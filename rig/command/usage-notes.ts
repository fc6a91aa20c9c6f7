/** What `--help` and the man page say of a verb besides its options. */
export interface UsageNotes {
  /** Whole command lines, as they are typed. */
  readonly examples: readonly string[];
  /** When it exits with 1; null: it judges nothing and does not. */
  readonly fails: string | null;
}

/** By the words of the command: a test asks for each of them, and parses every example. */
export const USAGE_NOTES: Readonly<Record<string, UsageNotes>> = {
  demo: notes(null, 'vitap demo', 'vitap demo --no-pcsc', 'vitap demo --web'),
  'card build': notes(null, 'vitap card build', 'vitap card build vitale2 --out card.img --seed lab-7'),
  'card show': notes(null, 'vitap card show vitale2', 'vitap card show card.img --json'),
  'card explain': notes(
    null,
    'vitap card explain apcv 00B2011400 --after 00A404000AF0617043562D454D550100 --interface contactless',
  ),
  'card commands': notes(null, 'vitap card commands'),
  emulate: notes(
    null,
    'vitap emulate --link vpcd --profile vitale2',
    'VITAP_PIN=274916 vitap emulate --link pn532:/dev/ttyUSB0 --profile apcv --unlock',
  ),
  tap: notes(
    'a code was wrong or blocked, a signature or a check failed, the card is not known, or is a copy',
    'vitap tap --reader loopback --profile vitale2',
    'VITAP_PIN=274916 vitap tap --reader pcsc --record session.jsonl',
    'vitap tap --reader pcsc --can-file can --terminal-keys lab-pki/FRLABAT00001.keys.json',
  ),
  apdu: notes(
    'a status word was not the stated one, or the code of a channel was wrong',
    'vitap apdu --profile vitale2 00A404000BD250000002564954414C4500=9000 00B0000010',
    'vitap apdu --reader pcsc --keep-going < script.apdu',
    'VITAP_CAN=500540 vitap apdu --profile eac "secure open" 00B0850000=9000',
  ),
  shell: notes(
    'a script on standard input states another status word than the one that came',
    'vitap shell --profile vitale2',
    'vitap shell --reader pcsc --record session.jsonl',
  ),
  'board list': notes('a port that was named is not there', 'vitap board list', 'vitap board list /tmp/board-a'),
  'board test': notes(
    'the board failed',
    'vitap board test --board pn532:/dev/ttyUSB0 --serial B0042 --html B0042.html',
  ),
  'board flash': notes(
    'a card or firmware is not on its board, or could not be read back',
    'vitap board flash --board pn532:/dev/ttyUSB0 --image vitale2.img',
    'vitap board flash --boards all --list batch.csv --parallel 8',
    'vitap board flash --board stm32:/dev/ttyUSB0 --firmware card.elf --boot-lines boot0=rts,reset=dtr',
  ),
  'board records': notes(null, 'vitap board records --since 7d --failed', 'vitap board records --serial B00* --json'),
  'board sim': notes(
    null,
    'vitap board sim --pair --link-a /tmp/board-a --link-b /tmp/board-b',
    'vitap board sim --bootloader stm32 --chip 0x450 --link-a /tmp/board',
  ),
  conform: notes(
    'a case failed, or one that applies could not be judged',
    'vitap conform --suite iso7816-4 --image vitale2',
    'vitap conform --reader pcsc:NAME --html report.html --junit report.xml',
  ),
  record: notes(null, 'vitap record session.jsonl --reader pcsc:NAME'),
  convert: notes(
    'the trace is damaged',
    'vitap convert session.jsonl session.pcapng',
    'vitap convert session.jsonl plain.pcapng --keys session.keys',
    'vitap convert --list',
  ),
  'trace show': notes(
    'the trace is damaged',
    'vitap trace show session.jsonl',
    'vitap trace show session.jsonl --keys session.keys',
  ),
  'trace diff': notes('the traces differ', 'vitap trace diff before.jsonl after.jsonl'),
  'trace stat': notes('the trace is damaged', 'vitap trace stat session.jsonl'),
  replay: notes(
    'something was not as expected',
    'vitap replay session.jsonl --profile vitale2',
    'vitap replay session.jsonl --as-card --link vpcd',
    'vitap replay session.jsonl --reader pcsc --can-file can --keys session.keys',
    'vitap replay session.jsonl --as-card --can-file can --keys session.keys --profile eac --once',
    'vitap replay suites/vitale2 --profile vitale2 --html report.html',
  ),
  synth: notes(null, 'vitap synth one.jsonl two.jsonl --out rules.yaml'),
  'evidence keygen': notes(null, 'vitap evidence keygen lab'),
  'evidence image': notes(null, 'vitap evidence image vitale2.img'),
  'evidence verify': notes(
    'the bundle was changed since it was signed',
    'vitap evidence verify bundle --key lab.pub.json',
  ),
  'pki init': notes(
    null,
    'vitap pki init lab-pki',
    'vitap pki init other-pki --curve P-384 --rights "read DG1, read DG8" --to 2027-12-31',
    'vitap pki init test-pki --test',
  ),
  'pki issue': notes(
    null,
    'vitap pki issue lab-pki terminal FRLABAT00002 --rights "read DG1"',
    'vitap pki issue lab-pki link FRLABCVCA00002 --curve brainpoolP384r1',
    'vitap pki issue lab-pki dv-foreign FRLABDV00002 --by FRLABCVCA00002',
  ),
  'pki show': notes(
    'a signature is wrong, or with --trust a certificate does not lead to that root',
    'vitap pki show lab-pki/FRLABAT00001.keys.json --trust lab-pki/FRLABCVCA00001',
    'vitap pki show root.cvcert dv.cvcert terminal.cvcert --json',
  ),
  'identity init': notes(
    null,
    'vitap identity init me',
    'vitap identity init me --generate 1000 --seed 1 --verifier http://127.0.0.1:8620',
  ),
  'identity present': notes(
    'the issuer or the identity provider refused',
    'vitap identity present --person 1 > ticket',
    'vitap identity present --issuer http://127.0.0.1:8620 --identity http://127.0.0.1:8630 --person 1',
  ),
  'identity serve': notes(null, 'vitap identity serve me'),
  'firmware build': notes(null, 'vitap firmware build --board mps2-an386 --profile vitale2 --out fw'),
  'firmware measure': notes(
    'a target is missed, or the card gave not all that it has',
    'vitap firmware measure fw/mps2-an386.elf --board mps2-an386 --pin-file code',
    'vitap firmware measure fw/mps2-an386.elf --board mps2-an386 --pin-file code --can-file can',
  ),
  'firmware put': notes(
    'the board did not take the card',
    'vitap firmware put /tmp/card --image vitale2.img',
    'vitap firmware put /tmp/card --image vitale2.img --json',
  ),
  'firmware unlock': notes('the card did not take the code', 'vitap firmware unlock /tmp/card --pin'),
  'firmware lock': notes(null, 'vitap firmware lock /tmp/card'),
  'firmware run': notes(
    null,
    'vitap firmware run fw/mps2-an386.elf --board mps2-an386 --host /tmp/card',
    'vitap firmware run fw/mps2-an386.elf --board mps2-an386 --host /tmp/card --pn532 /tmp/pn532-a',
  ),
  'phone activate': notes(
    'the issuer or the identity provider refuses, the code is weak, or the issuer has ended the activation',
    'vitap phone activate --issuer http://127.0.0.1:8620 --identity http://127.0.0.1:8630',
    'vitap phone activate --issuer http://127.0.0.1:8620 --ticket-file ticket',
  ),
  'phone unlock': notes('the code is wrong or blocked', 'VITAP_PIN=385127 vitap phone unlock'),
  'phone lock': notes(null, 'vitap phone lock'),
  'phone present': notes(
    'the code is wrong or blocked',
    'vitap phone present --link vpcd',
    'vitap phone present --link pn532:/dev/ttyUSB0 --presence',
  ),
  'phone qr': notes(
    'the code is wrong or blocked, or the issuer refuses',
    'vitap phone qr --presence',
    'vitap phone qr --offline --png qr.png',
  ),
  'phone change-code': notes(
    'the old code or the PUK is wrong, or the new code is weak',
    'vitap phone change-code',
    'vitap phone change-code --puk',
  ),
  'phone sync': notes('the issuer refuses', 'vitap phone sync', 'VITAP_PIN=385127 vitap phone sync'),
  'phone credential': notes(
    'the code or the transaction code is wrong, or the issuer refuses',
    'vitap phone credential',
    'vitap phone credential --tx-code-file letter',
    'vitap phone credential --another-offer',
  ),
  'phone status': notes('the code is wrong or blocked', 'vitap phone status', 'vitap phone status --pin --json'),
  'phone serve': notes(
    null,
    'vitap phone serve --issuer http://127.0.0.1:8620 --identity http://127.0.0.1:8630',
    'vitap phone serve --phone my-phone --link vpcd --port 8091',
  ),
  'phone delegate': notes(
    'the code is wrong, or the issuer refuses',
    'vitap phone delegate --to 4jQ0xN2vB8mT1sKc6yRzWq3uHdLf9aEoPg5iXn7kVtM --beneficiary 2 --days 2',
  ),
  'phone delegations': notes('the issuer refuses', 'vitap phone delegations'),
  'phone undelegate': notes(
    'the issuer refuses: there is no such delegation',
    'vitap phone undelegate del_5f0c6d1e9a7b4c2d8e3f1a6b0c9d7e5f',
  ),
  'phone apply': notes(
    'the issuer refuses: nobody insured there has this identity, or the department is closed',
    'vitap phone apply --issuer http://127.0.0.1:8620 --person-file person.json --document-front front.png --video face.mp4 --out ticket',
  ),
  'phone application': notes(
    'it was refused, or nobody decided within 96 hours',
    'vitap phone application --issuer http://127.0.0.1:8620 --ticket-file ticket --wait',
  ),
  'phone lost': notes(
    'the issuer or the identity provider refuses',
    'vitap phone lost --issuer http://127.0.0.1:8620 --identity http://127.0.0.1:8630',
    'vitap phone lost --phone found-phone',
  ),
  'phone wipe': notes(null, 'vitap phone wipe', 'vitap phone wipe --phone old-phone --yes'),
  'counter tap': notes(
    'the holder has not agreed, a check failed, the activation is revoked, or the terminal is not believed',
    'vitap counter tap --reader pcsc --can-file can --keys counter.keys.json',
    'VITAP_CAN=161803 VITAP_PIN=274916 vitap counter tap --profile apcv --keys test --show',
  ),
  'issuer init': notes(
    null,
    'vitap issuer init test-issuer',
    'vitap issuer init test-issuer --store "postgresql:///issuer?host=/run/postgresql" --departments 75,2A',
  ),
  'issuer serve': notes(
    null,
    'vitap issuer serve test-issuer --fault token-replayed --fault server-timeout=15000x1',
    'vitap issuer serve test-issuer --host 0.0.0.0 --tls-certificate cert.pem --tls-key key.pem --quiet',
  ),
  'issuer insured import': notes(
    'a line cannot be imported; then none is',
    'vitap issuer insured import test-issuer families.jsonl',
  ),
  'issuer insured generate': notes(null, 'vitap issuer insured generate test-issuer --count 1000 --seed lab-7'),
  'issuer rollout': notes(null, 'vitap issuer rollout test-issuer --close all --open 2A,974'),
  'issuer review': notes(
    null,
    'vitap issuer review test-issuer --show',
    'vitap issuer review test-issuer app_4f1c0d2b3a495867a6b5c4d3e2f10987 --refuse unreadable',
  ),
  'issuer status': notes(null, 'vitap issuer status test-issuer --most 5', 'vitap issuer status test-issuer --json'),
  'issuer revoke': notes(null, 'vitap issuer revoke test-issuer act_4f1c0d2b3a495867a6b5c4d3e2f10987 --lost'),
  'issuer offer': notes(null, 'vitap issuer offer test-issuer act_4f1c0d2b3a495867a6b5c4d3e2f10987'),
  'issuer audit': notes(
    'the chain is broken, or is not the one that was noted',
    'vitap issuer audit test-issuer --tail 10',
  ),
  'counter scan': notes(
    'the code is refused, or the issuer refuses it',
    'vitap counter scan --issuer http://127.0.0.1:8620 --keys counter.keys.json',
    'vitap counter scan --image qr.png --trust trust.json --status-list list.cwt --offline',
  ),
  'counter claim': notes(
    'the card, or the issuer for good, refuses the claim',
    'vitap counter claim claim.yaml --after last --keys counter.keys.json',
    'vitap counter claim claim.yaml --reader pcsc --can-file can --keys counter.keys.json',
  ),
  'counter queue': notes(
    'the issuer refused a claim for good',
    'vitap counter queue',
    'vitap counter queue send --keys counter.keys.json',
  ),
  'counter context renew': notes(
    'the issuer refuses: the context has ended, or was renewed as long as it may be',
    'vitap counter context renew last --keys counter.keys.json',
  ),
  'counter context destroy': notes(
    'a claim waits that this context alone can prove, or the issuer refuses',
    'vitap counter context destroy last --keys counter.keys.json',
  ),
  'counter serve': notes(
    null,
    'vitap counter serve --issuer http://127.0.0.1:8620 --keys counter.keys.json',
    'vitap counter serve --reader pcsc --keys counter.keys.json --issuer http://127.0.0.1:8620 --port 8090',
  ),
  'bench apdu': notes(null, 'vitap bench apdu --profile vitale2 --count 10000', 'vitap bench apdu --reader pcsc --csv'),
  'bench core': notes(null, 'vitap bench core'),
  'bench crypto': notes('a target is not met', 'vitap bench crypto --curve brainpoolP256r1 --count 200'),
  'bench tap': notes(
    'a tap failed, or with --fail-if-slower it is slower',
    'vitap bench tap --profile apcv --plan minimal --taps 200 --html tap.html',
    'VITAP_PIN=274916 vitap bench tap --reader pcsc --baseline before.json --fail-if-slower 5%',
  ),
  'bench soak': notes('taps got slower, memory grew or handles leaked', 'vitap bench soak --profile vitale2 --hours 8'),
  'bench crowd': notes('a tap failed', 'vitap bench crowd --cards 2000 --taps 20000 --arrivals turnstile'),
  'bench link': notes(null, 'vitap bench link'),
  'bench flash': notes(
    'a target is not met',
    'vitap bench flash',
    'vitap bench flash --boards 40 --runs 1 --size 405000 --json > flash.json',
  ),
  'bench compare': notes(
    'with --fail-if-slower, B is slower',
    'vitap bench compare --a "vitap bench tap --profile apcv --json" --b "vitap bench tap --profile apcv --plan minimal --json"',
  ),
  'bench peer': notes('with --fail-if-slower, ours is slower', 'vitap bench peer --peer vpcd:./peer --count 1000'),
  'lab serve': notes(
    null,
    'vitap lab serve lab',
    'vitap lab serve lab --store "postgresql:///lab?host=/run/postgresql" --host 0.0.0.0 --tls-certificate cert.pem --tls-key key.pem',
  ),
  'lab bench': notes(null, 'vitap lab bench --server http://127.0.0.1:8640 --token-file bench.token --name b1'),
  'lab submit': notes(
    'no bench can take some of its runs; with --watch a run did not pass',
    'VITAP_LAB=http://127.0.0.1:8640 VITAP_LAB_TOKEN_FILE=lab/operator.token vitap lab submit nightly.yaml',
    'vitap lab submit nightly.yaml --server http://127.0.0.1:8640 --token-file lab/operator.token',
    'vitap lab submit nightly.yaml --watch --json',
  ),
  'lab watch': notes('a run did not pass', 'vitap lab watch 12'),
  'lab cancel': notes(null, 'vitap lab cancel 12'),
  'lab results': notes(
    'a run of the campaign did not pass or has not ended; with --case the case did not pass in a run; with --check something is lost or doubled',
    'vitap lab results 12 --state failed',
    'vitap lab results 12 --case SEL-001',
    'vitap lab results --all --case SEL-001',
    'vitap lab results --check',
  ),
  'lab compare': notes('something fails that passed in the first campaign', 'vitap lab compare 11 12'),
  'lab export': notes(
    null,
    'vitap lab export 12 --junit lab.xml --csv lab.csv',
    'vitap lab export 12 --evidence bundle --evidence-key lab.key.json',
  ),
  'lab prune': notes(null, 'vitap lab prune --older-than 90 --dry-run'),
  'lab benches': notes(null, 'vitap lab benches', 'vitap lab benches --release b1'),
  'lab token add': notes(null, 'vitap lab token add bench-1 --role bench --out bench.token'),
  'lab token list': notes(null, 'vitap lab token list'),
  'lab token revoke': notes(null, 'vitap lab token revoke 3'),
  'bench issuer': notes(
    'a target is not met',
    'vitap bench issuer --count 1000 --sizes 1000,1000000',
    'vitap bench issuer --store "postgresql:///bench?host=/run/postgresql"',
  ),
  'bench lab': notes(
    'a target is not met',
    'vitap bench lab',
    'vitap bench lab --part scheduling --part idle --store "postgresql:///bench?host=/run/postgresql"',
    'vitap bench lab --part kills --benches 10 --runs 500 --every 15 --json > kills.json',
  ),
  'bench trace': notes(null, 'vitap bench trace --count 2000 --large 100000'),
  doctor: notes('a check failed; warnings do not count', 'vitap doctor', 'vitap doctor --json'),
  completion: notes(null, 'vitap completion bash > ~/.local/share/bash-completion/completions/vitap'),
  man: notes(null, 'vitap man > vitap.1'),
};

function notes(fails: string | null, ...examples: readonly string[]): UsageNotes {
  return { examples, fails };
}

/** The exit codes of a verb, with what each means. */
export function exitCodes(fails: string | null): readonly (readonly [code: string, meaning: string])[] {
  return [
    ['0', fails === null ? 'done' : 'done, or judged and passed'],
    ...(fails === null ? [] : ([['1', fails]] as const)),
    ['2', 'could not be done: no reader, no card, a damaged file, a wrong command line'],
    ['130, 143', 'ended by Ctrl-C, by SIGTERM'],
  ];
}

/** What stands under the options in `--help`. */
export function usageNotes(path: readonly string[]): string {
  const { examples, fails } = USAGE_NOTES[path.join(' ')] ?? notes(null);
  return [
    ...(examples.length === 0 ? [] : ['Examples:', ...examples.map((line) => `  ${line}`), '']),
    'Exit codes:',
    ...exitCodes(fails).map(([code, meaning]) => `  ${code.padEnd(8)}  ${meaning}`),
  ].join('\n');
}
