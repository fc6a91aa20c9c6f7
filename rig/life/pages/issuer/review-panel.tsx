import { useEffect, useState } from 'preact/hooks';
import type { Call } from '../../../web/page/access.ts';
import { Button } from '../../../web/page/button.tsx';
import { Choice } from '../../../web/page/field.tsx';
import { usePolled } from '../../../web/page/polled.ts';
import { Screen } from '../../../web/page/screen.tsx';
import { LiveRegion, StatusLine } from '../../../web/page/status-line.tsx';
import { useAct } from '../act.ts';
import { type Phrase, useFormats, useWords } from '../say.ts';
import { type Applications, FILES, type FileName, type RefusalReason, type WaitingApplication } from './view.ts';

const EVERY_MS = 3000;
const FILE_NAMES = { 'document-front': 'showFront', 'document-back': 'showBack', video: 'showVideo' } as const;
const REASONS = {
  unreadable: 'whyUnreadable',
  'not-the-same-person': 'whyOther',
  'document-expired': 'whyExpired',
  'not-a-document': 'whyNoDocument',
} as const satisfies Record<RefusalReason, string>;

/** Those without a digital identity: pictures are looked at, and a person decides. */
export function ReviewPanel({ call }: { readonly call: Call }) {
  const say = useWords();
  const { view, refresh } = usePolled<Applications>(call, '/v1/operator/applications', EVERY_MS);
  const [note, setNote] = useState<Phrase | null>(null);
  return (
    <Screen title={say('reviewTitle')}>
      <p class="hint">{say('reviewText')}</p>
      <LiveRegion>{note === null ? null : <StatusLine tone="plain">{say(note)}</StatusLine>}</LiveRegion>
      {view?.applications.length === 0 ? <p>{say('reviewNone')}</p> : null}
      <ul class="plain">
        {(view?.applications ?? []).map((application) => (
          <ApplicationItem
            key={application.id}
            call={call}
            application={application}
            onDecided={(words) => {
              setNote(words);
              refresh();
            }}
          />
        ))}
      </ul>
    </Screen>
  );
}

interface ApplicationItemProps {
  readonly call: Call;
  readonly application: WaitingApplication;
  readonly onDecided: (words: Phrase) => void;
}

function ApplicationItem({ call, application, onDecided }: ApplicationItemProps) {
  const say = useWords();
  const { instant } = useFormats();
  const act = useAct(() => {});
  const [reason, setReason] = useState<RefusalReason>('unreadable');
  const [file, setFile] = useState<{ readonly name: FileName; readonly bytes: Uint8Array<ArrayBuffer> } | null>(null);
  const { id } = application;
  const show = (name: FileName): void =>
    act.run(async () => setFile({ name, bytes: await call.bytes(`/v1/operator/applications/${id}/files/${name}`) }));
  const decide = (refuse: RefusalReason | null): void =>
    act.run(async () => {
      await call('POST', `/v1/operator/applications/${id}/decision`, { refuse });
      setFile(null);
      onDecided(refuse === null ? 'accepted' : 'refused');
    });
  return (
    <li>
      <dl class="facts">
        <dt>{say('received')}</dt>
        <dd>{instant(new Date(application.receivedAt).toISOString())}</dd>
        <dt>{say('destroyBy')}</dt>
        <dd>{instant(new Date(application.destroyBy).toISOString())}</dd>
      </dl>
      <LiveRegion urgent>{act.fault === '' ? null : <p class="fault">{act.fault}</p>}</LiveRegion>
      <div class="row">
        {FILES.map((name) => (
          <Button key={name} busy={act.busy} onPress={() => show(name)}>
            {say(FILE_NAMES[name])}
          </Button>
        ))}
      </div>
      {file === null ? null : (
        <>
          <SentFile name={say(FILE_NAMES[file.name])} bytes={file.bytes} />
          <Button onPress={() => setFile(null)}>{say('hideFile')}</Button>
        </>
      )}
      <Choice
        label={say('refuseWhy')}
        value={reason}
        options={(Object.keys(REASONS) as RefusalReason[]).map((value) => ({ value, words: say(REASONS[value]) }))}
        onValue={setReason}
      />
      <div class="row">
        <Button kind="primary" busy={act.busy} onPress={() => decide(null)}>
          {say('accept')}
        </Button>
        <Button kind="danger" busy={act.busy} onPress={() => decide(reason)}>
          {say('refuse')}
        </Button>
      </div>
    </li>
  );
}

/** A picture that was sent, from memory and gone with it; of anything else its size. What it is, its first bytes say. */
function SentFile({ name, bytes }: { readonly name: string; readonly bytes: Uint8Array<ArrayBuffer> }) {
  const say = useWords();
  const [address, setAddress] = useState<string | null>(null);
  const type = pictureType(bytes);
  useEffect(() => {
    if (type === null) return;
    const made = URL.createObjectURL(new Blob([bytes], { type }));
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [bytes, type]);
  if (type === null) return <p>{say('fileSize', { name, bytes: bytes.length })}</p>;
  return address === null ? null : <img class="sent" src={address} alt={name} />;
}

function pictureType(bytes: Uint8Array): 'image/png' | 'image/jpeg' | null {
  const begins = (...first: readonly number[]): boolean => first.every((byte, at) => bytes[at] === byte);
  if (begins(0x89, 0x50, 0x4e, 0x47)) return 'image/png';
  return begins(0xff, 0xd8, 0xff) ? 'image/jpeg' : null;
}
