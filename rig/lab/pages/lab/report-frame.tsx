import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { useWords } from './parts.tsx';
import type { ReportPage } from './report-page.ts';

/** Heights beyond this are no page's. */
const HIGHEST = 200_000;
const FIRST_HEIGHT = 600;

interface FrameProps {
  readonly page: ReportPage;
  readonly title: string;
}

/**
 * A report in a frame of its own, as high as the report is. The sandbox gives a page with a program no origin: it cannot see
 * this one; a page without a program keeps this origin, so that its height can be seen, and may run nothing.
 */
export function ReportFrame({ page: { html, hasProgram }, title }: FrameProps) {
  const say = useWords();
  const frame = useRef<HTMLIFrameElement>(null);
  const [address, setAddress] = useState<string | null>(null);
  const [height, setHeight] = useState(FIRST_HEIGHT);
  useEffect(() => {
    const made = URL.createObjectURL(new Blob([html], { type: 'text/html' }));
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [html]);
  useLayoutEffect(() => {
    const told = ({ source, data }: MessageEvent): void => {
      if (source === frame.current?.contentWindow && Number.isFinite(data)) setHeight(Math.min(Number(data), HIGHEST));
    };
    window.addEventListener('message', told);
    return () => window.removeEventListener('message', told);
  }, []);
  const watch = (): void => {
    const root = frame.current?.contentDocument?.documentElement;
    if (root == null) return;
    const measure = (): void => setHeight(Math.min(root.offsetHeight, HIGHEST));
    measure();
    // It is another document's: this one's observer sees it all the same.
    new ResizeObserver(measure).observe(root);
  };
  if (address === null) return null;
  return (
    <iframe
      ref={frame}
      class="report"
      src={address}
      title={say('frameTitle', { name: title })}
      sandbox={hasProgram ? 'allow-scripts' : 'allow-same-origin'}
      style={{ height: `${Math.ceil(height)}px` }}
      onLoad={watch}
    />
  );
}
