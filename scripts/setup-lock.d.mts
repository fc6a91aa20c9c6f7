export declare function takeLock(path: string, onWait: (pid: number) => void): Promise<() => void>;
