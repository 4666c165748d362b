/** A file is dropped or chosen, and checked in the browser alone. */
import { type DragEvent, useEffect, useId, useRef, useState } from "react";

import { useLanguage, useT } from "../../i18n";
import { Button } from "../../parts/Button";
import { ProblemNote } from "../../parts/ProblemNote";
import { Verdict } from "./Verdict";
import { sizeText } from "./exports";
import type { Progress, Report } from "./verify/finding";
import type { Said } from "./verify/worker";

type Step = { is: "waits" } | { is: "runs"; name: string; progress?: Progress } | { is: "done"; name: string; report: Report } | { is: "failed"; error: Error };

export default function VerifyPanel() {
  const t = useT();
  const [given, setGiven] = useState("");
  const { step, check, again, stop } = useCheck(given);
  return (
    <div className="verify">
      {step.is === "waits" && <Choose given={given} onGiven={setGiven} onFile={check} />}
      {step.is === "runs" && <Running name={step.name} progress={step.progress} onStop={stop} />}
      {step.is === "done" && <Verdict name={step.name} report={step.report} />}
      {step.is === "failed" && <ProblemNote error={step.error} />}
      {(step.is === "done" || step.is === "failed") && (
        <div>
          <Button className="button" onPress={again} autoFocus>
            {t("verify.again")}
          </Button>
        </div>
      )}
    </div>
  );
}

/** The check of a file, in a thread of its own. */
function useCheck(given: string) {
  const [step, setStep] = useState<Step>({ is: "waits" });
  const worker = useRef<Worker>(undefined);
  const end = () => {
    worker.current?.terminate();
    worker.current = undefined;
  };
  // It is loaded with the page: the check itself needs no network.
  const start = () => (worker.current ??= new Worker(new URL("./verify/worker.ts", import.meta.url), { type: "module" }));
  useEffect(() => {
    start();
    return end;
  }, []);
  const check = (file: File) => {
    setStep({ is: "runs", name: file.name });
    const mine = start();
    const fail = (message: string) => {
      end();
      setStep({ is: "failed", error: new Error(message) });
    };
    mine.onerror = (event) => fail(event.message);
    mine.onmessage = ({ data }: MessageEvent<Said>) => {
      if (data.is === "progress") setStep({ is: "runs", name: file.name, progress: data.progress });
      else if (data.is === "failed") fail(data.message);
      else setStep({ is: "done", name: file.name, report: data.report });
    };
    mine.postMessage({ file, given });
  };
  const again = () => setStep({ is: "waits" });
  const stop = () => {
    end();
    start();
    again();
  };
  return { step, check, again, stop };
}

interface ChooseProps {
  given: string;
  onGiven: (given: string) => void;
  onFile: (file: File) => void;
}

/** The file, and the key to compare with. */
function Choose({ given, onGiven, onFile }: ChooseProps) {
  const t = useT();
  const id = useId();
  const [isOver, setOver] = useState(false);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    const [file] = event.dataTransfer.files;
    if (file !== undefined) onFile(file);
  };
  return (
    <>
      <div className="field">
        <label htmlFor={`${id}key`}>
          {t("verify.key")} <span className="quiet">{t("exports.optional")}</span>
        </label>
        <textarea id={`${id}key`} rows={2} value={given} onChange={({ target }) => onGiven(target.value)} spellCheck={false} aria-describedby={`${id}hint`} />
        <p className="quiet" id={`${id}hint`}>
          {t("verify.key.hint")}
        </p>
      </div>
      <div
        className={`drop${isOver ? " drop-over" : ""}`}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
      >
        <p>{t("verify.drop")}</p>
        <label className="button drop-choose">
          {t("verify.choose")}
          <input
            className="visually-hidden"
            type="file"
            accept=".zip,application/zip"
            onChange={({ target }) => target.files?.[0] !== undefined && onFile(target.files[0])}
          />
        </label>
      </div>
      <p className="quiet">{t("verify.offline")}</p>
    </>
  );
}

function Running({ name, progress, onStop }: { name: string; progress: Progress | undefined; onStop: () => void }) {
  const t = useT();
  const language = useLanguage();
  const number = new Intl.NumberFormat(language);
  const share = progress === undefined || progress.ofBytes === 0 ? 0 : progress.bytes / progress.ofBytes;
  return (
    <div className="verify-runs">
      <p className="verify-name">{name}</p>
      <progress className="export-progress" aria-label={t("verify.runs")} max={1} value={share} />
      <p className="quiet" role="status">
        {t(`verify.step.${progress?.step ?? "archive"}`)}
      </p>
      {progress !== undefined && (
        <p className="quiet">
          {sizeText(progress.bytes, language)} / {sizeText(progress.ofBytes, language)}
          {progress.records > 0 && ` · ${t("verify.records", { count: progress.records, number: number.format(progress.records) })}`}
        </p>
      )}
      <div>
        <Button className="button" onPress={onStop}>
          {t("verify.stop")}
        </Button>
      </div>
    </div>
  );
}
