/** A signature as people read it: who, with which meaning, when, of which version, and whether it still counts. */
import "./signing.css";
import type { KeptSignature } from "../api/client";
import { useT } from "../i18n";
import { Instant } from "../time/Instant";

/** The first digits of a hash; all of them are its title. */
export function Hash({ value }: { value: string }) {
  return (
    <code className="hash" title={value}>
      {value.slice(0, 12)}…
    </code>
  );
}

export function Manifestation({ signature }: { signature: KeptSignature }) {
  const t = useT();
  const { name, by, meaning, at, version, hash, current } = signature;
  return (
    <div className={current ? "manifest" : "manifest manifest-past"}>
      <svg viewBox="0 0 16 16" width="15" height="15" aria-hidden="true">
        <path d={current ? "m2.5 11.5 7.8-7.8 2 2-7.8 7.8H2.5zM9 14h5" : "M3.5 3.5l9 9M12.5 3.5l-9 9"} />
      </svg>
      <div>
        <p>
          <b>{name}</b>
          {name !== by && <span className="quiet"> {by}</span>} · <b>{t(`meaning.${meaning}`)}</b>
        </p>
        <p className="quiet">
          <Instant at={at} exact /> · {t("sign.manifest", { version })} <Hash value={hash} /> ·{" "}
          {t(current ? "sign.counts" : "sign.counts.not")}
        </p>
      </div>
    </div>
  );
}

export function Signatures({ signatures }: { signatures: readonly KeptSignature[] }) {
  return (
    <ul className="manifests">
      {signatures.toReversed().map((signature) => (
        <li key={`${signature.at} ${signature.by} ${signature.meaning}`}>
          <Manifestation signature={signature} />
        </li>
      ))}
    </ul>
  );
}
