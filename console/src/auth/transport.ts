/** How this server reports changes. */
import { createContext, useContext } from "react";

const TransportContext = createContext<"events" | "polling">("polling");

export const TransportProvider = TransportContext.Provider;

export function useLiveTransport(): "events" | "polling" {
  return useContext(TransportContext);
}
