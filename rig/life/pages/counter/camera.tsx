import { useEffect, useRef, useState } from 'preact/hooks';
import { Button } from '../../../web/page/button.tsx';
import { LiveRegion } from '../../../web/page/status-line.tsx';
import { useWords } from '../say.ts';

/** The Shape Detection API, which only some browsers have. */
interface Detector {
  detect(source: HTMLVideoElement): Promise<readonly { readonly rawValue: string }[]>;
}

type DetectorMaker = new (options: { readonly formats: readonly string[] }) => Detector;

const LOOK_MS = 250;

/** Reads a QR code with the camera, in browsers that can; elsewhere there is nothing. */
export function Camera({ onText }: { readonly onText: (text: string) => void }) {
  const say = useWords();
  const [on, setOn] = useState(false);
  const [refused, setRefused] = useState(false);
  const Maker = (window as { BarcodeDetector?: DetectorMaker }).BarcodeDetector;
  if (Maker === undefined) return null;
  return (
    <>
      <div class="row">
        <Button
          pressed={on}
          onPress={() => {
            setRefused(false);
            setOn(!on);
          }}
        >
          {say(on ? 'cameraOff' : 'cameraOn')}
        </Button>
      </div>
      <LiveRegion urgent>{refused ? <p class="fault">{say('cameraRefused')}</p> : null}</LiveRegion>
      {on ? (
        <Picture
          Maker={Maker}
          label={say('cameraName')}
          onText={(text) => {
            setOn(false);
            onText(text);
          }}
          onRefused={() => {
            setOn(false);
            setRefused(true);
          }}
          onHidden={() => setOn(false)}
        />
      ) : null}
    </>
  );
}

interface PictureProps {
  readonly Maker: DetectorMaker;
  readonly label: string;
  readonly onText: (text: string) => void;
  readonly onRefused: () => void;
  readonly onHidden: () => void;
}

function Picture({ Maker, label, onText, onRefused, onHidden }: PictureProps) {
  const video = useRef<HTMLVideoElement>(null);
  const told = useRef({ onText, onRefused, onHidden });
  told.current = { onText, onRefused, onHidden };
  useEffect(() => {
    let stream: MediaStream | null = null;
    let timer: number | undefined;
    let ended = false;
    const look = async (detector: Detector): Promise<void> => {
      const element = video.current;
      if (ended || element === null) return;
      // A picture that is not there yet is no error.
      const [found] = await detector.detect(element).catch(() => []);
      if (ended) return;
      if (found === undefined) timer = window.setTimeout(() => void look(detector), LOOK_MS);
      else told.current.onText(found.rawValue);
    };
    const start = async (): Promise<void> => {
      try {
        stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
        if (ended || video.current === null) return stop();
        video.current.srcObject = stream;
        await video.current.play();
        await look(new Maker({ formats: ['qr_code'] }));
      } catch {
        if (!ended) told.current.onRefused();
      }
    };
    const stop = (): void => {
      for (const track of stream?.getTracks() ?? []) track.stop();
    };
    const hidden = (): void => {
      if (document.hidden) told.current.onHidden();
    };
    document.addEventListener('visibilitychange', hidden);
    void start();
    return () => {
      ended = true;
      window.clearTimeout(timer);
      document.removeEventListener('visibilitychange', hidden);
      stop();
    };
  }, [Maker]);
  return <video ref={video} class="camera" aria-label={label} muted playsInline />;
}
