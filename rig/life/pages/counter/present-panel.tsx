import { useState } from 'preact/hooks';
import type { Call } from '../../../web/page/access.ts';
import { Button } from '../../../web/page/button.tsx';
import { Field, FileField, Tick } from '../../../web/page/field.tsx';
import { Screen } from '../../../web/page/screen.tsx';
import { LiveRegion, StatusLine } from '../../../web/page/status-line.tsx';
import { useAct } from '../act.ts';
import { useWords } from '../say.ts';
import { Camera } from './camera.tsx';
import type { CounterReading, CounterView, PictureRequest, ScanRequest, TapRequest } from './view.ts';

/** Longer than any code of ours with what scanners put around it. */
const LONGEST_LINE = 1300;
const MEGABYTES = 5;

interface PresentPanelProps {
  readonly call: Call;
  readonly view: CounterView;
  readonly onReading: (reading: CounterReading | null) => void;
  readonly refresh: () => void;
}

/** The ways in which somebody presents a card: a code, or the card on the reader. */
export function PresentPanel({ call, view, onReading, refresh }: PresentPanelProps) {
  const say = useWords();
  const act = useAct(refresh);
  const [line, setLine] = useState('');
  const [can, setCan] = useState('');
  const [invoices, setInvoices] = useState(false);
  const [fault, setFault] = useState<'line' | 'can' | 'picture' | null>(null);

  const ask = (path: string, request: ScanRequest | PictureRequest | TapRequest): void =>
    act.run(async () => {
      onReading(null);
      onReading(await call<CounterReading>('POST', path, request));
    });
  const scan = (text: string): void => {
    // What was scanned may hold a person: it does not stay in the field.
    setLine('');
    setFault(text.trim() === '' ? 'line' : null);
    if (text.trim() !== '') ask('/api/counter/scan', { text });
  };
  const picture = async (file: File): Promise<void> => {
    const tooLarge = file.size > MEGABYTES * 1_000_000;
    setFault(tooLarge ? 'picture' : null);
    if (!tooLarge) ask('/api/counter/picture', { picture: base64(new Uint8Array(await file.arrayBuffer())) });
  };
  const tap = (): void => {
    const wrong = !/^\d{6}$/.test(can);
    setFault(wrong ? 'can' : null);
    if (!wrong) ask('/api/counter/tap', { can, invoices });
  };
  return (
    <Screen title={say('presentTitle')}>
      <LiveRegion urgent>{act.fault === '' ? null : <p class="fault">{act.fault}</p>}</LiveRegion>
      <LiveRegion>{act.busy ? <StatusLine tone="plain">{say('reading')}</StatusLine> : null}</LiveRegion>
      <h3>{say('scanName')}</h3>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          scan(line);
        }}
      >
        <Field
          label={say('scanField')}
          hint={say('scanHint')}
          value={line}
          onValue={setLine}
          maxLength={LONGEST_LINE}
          fault={fault === 'line' ? say('scanMissing') : undefined}
        />
        <div class="row">
          <Button kind="primary" busy={act.busy}>
            {say('scanRead')}
          </Button>
        </div>
      </form>
      <FileField
        label={say('scanPicture')}
        hint={say('scanPictureHint', { mega: MEGABYTES })}
        accept="image/png,image/jpeg"
        onFile={(file) => void picture(file)}
        fault={fault === 'picture' ? say('scanPictureLarge', { mega: MEGABYTES }) : undefined}
      />
      <Camera onText={scan} />
      {view.reader === null ? null : (
        <>
          <h3>{say('tapName')}</h3>
          <form
            noValidate
            onSubmit={(event) => {
              event.preventDefault();
              tap();
            }}
          >
            <Field
              label={say('tapCan')}
              hint={say('tapCanHint')}
              value={can}
              onValue={setCan}
              inputMode="numeric"
              maxLength={6}
              fault={fault === 'can' ? say('tapCanWrong') : undefined}
            />
            <Tick label={say('tapInvoices')} checked={invoices} onValue={setInvoices} />
            <div class="row">
              <Button kind="primary" busy={act.busy}>
                {say('tapRead')}
              </Button>
            </div>
          </form>
        </>
      )}
    </Screen>
  );
}

function base64(bytes: Uint8Array): string {
  let binary = '';
  // In parts: a call has only so many arguments.
  for (let at = 0; at < bytes.length; at += 8192) binary += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(binary);
}
