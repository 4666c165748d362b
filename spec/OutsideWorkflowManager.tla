----------------------- MODULE OutsideWorkflowManager -----------------------
(***************************************************************************)
(* Whether what was seen of the deployed service from outside is a         *)
(* behaviour of WorkflowManager.                                           *)
(*                                                                         *)
(* A trace is what clients and a subscriber saw of one workflow: requests  *)
(* when they were sent, answers when they came, events when they were      *)
(* received, and the whole history at the end. Everything within is        *)
(* hidden. Between a request and its answer its steps may happen, after a  *)
(* request without an answer some time or never, and whatever nobody asked *)
(* for at any time: TLC looks for an order that explains all lines.        *)
(*                                                                         *)
(* The history at the end says who made which version, because a version   *)
(* keeps the name that its caller gave the request. It is looked up, to    *)
(* save TLC from following what did not happen. For the same reason what   *)
(* is hidden happens early or late: a call reads as soon as it can read    *)
(* what it was answered, for reading bars nobody from anything; versions are   *)
(* published, altered and quarantined when a line shows that they were,    *)
(* for until then that bars more than it allows. What remains to be tried  *)
(* are the moments of the appends and releases.                            *)
(*                                                                         *)
(* The bus is taken to deliver in the order in which it accepts: so does   *)
(* the emulator, and so the order of first appearances shows at a queue.   *)
(***************************************************************************)
EXTENDS WorkflowManager, TLC

CONSTANTS
    Traces,     \* what was seen: a sequence of [summary, lines]
    Explaining  \* whether to print how far a trace is explained

VARIABLES
    run,        \* which trace
    at,         \* its next line
    waiting     \* calls that were asked and have yet to look at what is stored

outsideVars == <<run, at, waiting>>

W == CHOOSE w \in Workflows : TRUE
P == CHOOSE p \in Publishers : TRUE
R == CHOOSE r \in Recoveries : TRUE
S == CHOOSE s \in Subscribers : TRUE

Call(i) == <<"call", i>>

Deciding == {"create", "move", "amend", "sign"}    \* the requests that a decision answers

(* As many as the longest trace has. *)
SeenCalls ==
    LET lengths == {Len(Traces[i].summary.calls) : i \in 1..Len(Traces)}
    IN  {Call(i) : i \in 1..(CHOOSE n \in lengths : \A other \in lengths : other <= n)}
NoPast == [w \in Workflows |-> << >>]

Info(c) == Traces[run].summary.calls[c[2]]
Lines   == Traces[run].lines
Line    == Lines[at]
Makers  == Traces[run].summary.log    \* of each version in the end: its call, or 0 for a recovery

Last == Len(log[W])    \* the newest version
MadeOutside(c, n) == n <= Len(Makers) /\ Makers[n] = c[2]
Recovered(n) == n <= Len(Makers) /\ Makers[n] = 0
Is(id, maker) == IF maker = 0 THEN id[1] = R ELSE id = Call(maker)

SetOf(list) == {list[i] : i \in 1..Len(list)}

Says(holds) == holds /\ UNCHANGED vars

-----------------------------------------------------------------------------
(* What a call reads and decides. *)

(* Requests with one idempotency key are one request of the specification: the key of the first that came as far as to
   append. *)
Before(c) == {d \in {Call(i) : i \in SetOf(Info(c).same)} : "put" \in DOMAIN work[d]}
KeyOf(c)  == IF Before(c) = {} THEN c ELSE work[CHOOSE d \in Before(c) : TRUE].put.version.key

IsJudged(c) == Info(c).outcome \in {"invalid", "closed", "denied"}

(* A refusal of the policies may come whatever else is; the lifecycle and the rules are asked last. *)
Outcomes(c) ==
    LET create == Info(c).kind = "create"
        kind   == IF create THEN "WorkflowCreated" ELSE Moved
        q      == CASE Info(c).kind = "amend" ->
                           Amendment([w |-> W, changes |-> Info(c).changes, key |-> KeyOf(c)], Newest(W))
                    [] Info(c).kind = "sign" ->
                           SignatureOf([w |-> W, named |-> Info(c).expected, key |-> KeyOf(c)], Newest(W))
                    [] OTHER -> [w |-> W, kind |-> kind, to |-> Info(c).to, changes |-> Info(c).changes, key |-> KeyOf(c)]
        all    == IF create THEN CreationOutcomes(q, c) ELSE TransitionOutcomes(q, c, Newest(W), quarantine[W])
    IN  IF IsJudged(c) /\ \E outcome \in all : outcome.at \in {"accepted", "quarantined"}
        THEN {}
        ELSE {outcome \in all : outcome.at = Info(c).then}

(* Whoever names a version decides on no other. *)
Expects(c) ==
    CASE Info(c).expected = 0                    -> Info(c).then # "conflict"
      [] Info(c).then = "append" \/ IsJudged(c)    -> Info(c).expected = Last
      [] Info(c).then = "conflict"               -> Info(c).expected # Last
      [] OTHER                                   -> TRUE

(* Whether this is a moment at which c can have read what it was answered. *)
CanLook(c) ==
    /\ Last \in Info(c).lo..Info(c).hi
    /\ CASE Info(c).then = "see"    -> StateAt(W, Base(W, Last)) = Info(c).to
         [] Info(c).then = "count"  -> TRUE
         [] Info(c).then = "sound"  -> altered[W] = {}
         [] Info(c).then = "reused" -> \E n \in 1..Last, d \in SetOf(Info(c).rivals) : log[W][n].id = Call(d)
         [] Info(c).kind \in Deciding -> Expects(c) /\ Outcomes(c) # {}
         [] OTHER -> FALSE

Look(c) ==
    /\ IF Info(c).then \in {"see", "count", "sound", "reused"} THEN UNCHANGED vars ELSE Decides(c, Outcomes(c))
    /\ waiting' = waiting \ {c}

-----------------------------------------------------------------------------
(* What happens at once. *)

Looking  == {c \in waiting : CanLook(c)}
Refused  == {c \in Calls : work[c] = Refusing}
Returns  == Failed(W) /\ Recovered(Last + 1) /\ work[R].at \in {"idle", "judge"}
Carrying == carry[P] # NoLanes

Pressing == Looking # {} \/ Refused # {} \/ Returns \/ Carrying

Carry ==
    CASE carry[P][W].entry = "open"                      -> EntryAccepted(P, W)
      [] carry[P][W].entry = "accepted"                  -> PutAnswered(P)
      [] carry[P][W].told < carry[P][W].done             -> IndexAdvanced(P, W)
      [] OTHER                                           -> AnswerBatch(P)

Press ==
    CASE Looking # {} -> Look(CHOOSE c \in Looking : TRUE)
      [] Refused # {} -> RecordRefusal(CHOOSE c \in Refused : TRUE) /\ UNCHANGED waiting
      [] Carrying     -> Carry /\ UNCHANGED waiting
      [] OTHER        -> (BringBack(R, W) \/ RecoveryAllowed(R)) /\ UNCHANGED waiting

-----------------------------------------------------------------------------
(* What happens some time. *)

Answers(answer) == Line.what = "answered" /\ Info(Call(Line.x)).outcome = answer

Commits(c) ==
    /\ work[c].at = "append"
    /\ MadeOutside(c, Last + 1)
    /\ AppendUnheard(c)

(* A recovery, or a call whose caller knows nothing of what became of it. *)
AppendOfNobody ==
    \/ work[R].at = "append" /\ Recovered(Last + 1) /\ AppendCommitted(R)
    \/ Last < Len(Makers) /\ AppendLate /\ Is(log'[W][Last + 1].id, Makers[Last + 1])

Release(c) ==
    /\ Info(c).kind = "release" /\ Info(c).outcome \in {"released", "nothing"}
    /\ ReleaseWorkflow(W)
    /\ waiting' = waiting \ {c}

(* The next version that can be read is put on the bus when a line shows that this one was. (That a release takes the
   index back shows in nothing that is looked at: it is taken not to.) *)
ShownOutside == IF Line.what = "received" \/ Answers("replayed") THEN Line.version ELSE 0

Publish ==
    /\ index[W].version < ShownOutside
    /\ PublishEvents(P, W)
    /\ W \in DOMAIN carry'[P]
    /\ carry'[P][W].told = index[W].version /\ carry'[P][W].last = carry'[P][W].next

(* A version that a line shows as altered, and one that a line shows as found. *)
Breaks ==
    /\ Answers("broken") \/ Answers("quarantined")
    /\ BreaksAt(W, Line.version) = {}
    /\ AlterVersion(W)
    /\ \E b \in altered'[W] : b[1] = Line.version /\ b[3] = IF "harm" \in DOMAIN Line THEN Line.harm ELSE "altered"

Found == Answers("quarantined") /\ quarantine[W].found = {} /\ QuarantineWorkflow(R, W)

Between ==
    /\ at <= Len(Lines)
    /\ UNCHANGED <<run, at>>
    /\ IF Pressing THEN Press
       ELSE \/ (\E c \in Calls : Commits(c)) /\ UNCHANGED waiting
            \/ (AppendOfNobody \/ Publish \/ Breaks \/ Found) /\ UNCHANGED waiting
            \/ \E c \in waiting : Release(c)

-----------------------------------------------------------------------------
(* The lines. *)

(* What the caller is answered is what became of its call. *)
Responds(c) ==
    LET is == work[c].at IN
    CASE Info(c).outcome = "accepted" ->
            IF is = "append" THEN AppendRefused(c) /\ work'[c].at = "accepted" /\ work'[c].put.n = Line.version
            ELSE Says(is = "accepted" /\ work[c].put.n = Line.version)
      [] Info(c).outcome = "conflict" ->
            IF is = "append" THEN AppendRefused(c) /\ work'[c].at = "conflict" /\ work[c].put.n = Line.version
            ELSE Says(is = "conflict")
      [] Info(c).outcome = "invalid" -> Says(is = "refused" /\ <<StateAt(W, Info(c).lo), Info(c).to>> \notin Moves)
      [] Info(c).outcome = "closed"  -> Says(is = "refused" /\ StateAt(W, Info(c).lo) \in Closed)
      [] Info(c).outcome = "denied"  -> Says(is = "refused")
      [] Info(c).outcome = "unknown" -> IF is = "append" THEN AppendAbandoned(c) ELSE Says(TRUE)
      [] Info(c).outcome = "quarantined" ->
            Says(IF Info(c).kind \in Deciding \ {"create"} THEN is = "quarantined" ELSE \E b \in quarantine[W].found : b[1] = Line.version)
      [] Info(c).outcome = "broken"   -> Says(\E b \in altered[W] : b[1] = Line.version)
      [] Info(c).outcome = "replayed" -> Says(Line.version <= index[W].version)
      [] Info(c).outcome = "versions" -> Says(c \notin waiting /\ \A i \in 1..Len(Line.events) : Is(log[W][i].id, Line.events[i]))
      [] Info(c).outcome \in {"refused", "not-found"} -> Says(Info(c).kind \in Deciding => is = Info(c).outcome)
      [] Info(c).outcome \in {"seen", "sound", "reused", "released"} -> Says(c \notin waiting)
      [] Info(c).outcome \in {"noted", "turned-away"} -> Says(is = "idle")
      [] OTHER -> FALSE

(* What the archive puts again comes in any order. What is marked as a replay never comes first. *)
Sees ==
    LET event == Event(W, Line.version) IN
    /\ Line.version <= Last /\ Is(log[W][Line.version].id, Line.event_id)
    /\ event \in bus
    /\ IF Line.version > Stands(S, W) /\ Line.how # "archive"
       THEN Line.how = "first" /\ Follows(event, Stands(S, W)) /\ DeliverEvent(S, event)
       ELSE UNCHANGED vars

Kept == SetOf(Line.kept)

(* Of every refusal that was answered there is one, and of creations and moves there is no other. *)
Keeps ==
    /\ Kept \subseteq 1..Len(Traces[run].summary.calls)
    /\ refusals = {Call(i) : i \in {i \in Kept : Info(Call(i)).kind \in Deciding}}
    /\ \A i \in 1..Len(Traces[run].summary.calls) : Info(Call(i)).kind # "look" /\ Info(Call(i)).outcome = "refused" => i \in Kept

Explained ==
    CASE Line.what = "asked"    -> Says(TRUE) /\ waiting' = waiting \cup {Call(Line.x)}
      [] Line.what = "answered"     -> Responds(Call(Line.x)) /\ UNCHANGED waiting
      [] Line.what = "received"     -> Sees /\ UNCHANGED waiting
      [] Line.what = "log"      -> Says(Last = Len(Makers) /\ \A i \in 1..Last : Is(log[W][i].id, Makers[i])) /\ UNCHANGED waiting
      [] Line.what = "refusals" -> Says(Keeps) /\ UNCHANGED waiting
      [] Line.what = "all-received" -> Says(Stands(S, W) >= Base(W, Last)) /\ UNCHANGED waiting

Step ==
    /\ at <= Len(Lines)
    /\ ~Pressing
    /\ Explained
    /\ at' = at + 1
    /\ run' = run
    /\ ~Explaining \/ PrintT(<<"explained", run, at>>)

(* All lines are explained, and what has come of it is as it must be. *)
Accept ==
    /\ at = Len(Lines) + 1
    /\ StateConsistency /\ TransitionValidity /\ AmendmentsKept /\ SignaturesVouch /\ SignaturesKept
    /\ SignaturesExpire /\ ConcurrentSafety /\ DataIntegrity /\ QuarantineHolds /\ PassedOverIsReleased
    /\ WorkflowUniqueness /\ RuleCompliance /\ StatePersistence /\ EventOrdering /\ RequestIdempotency /\ RefusalsKept
    /\ at' = at + 1
    /\ PrintT(<<"accepted", run>>)
    /\ UNCHANGED <<run, waiting>>
    /\ UNCHANGED vars

OutsideInit == Init /\ run \in 1..Len(Traces) /\ at = 1 /\ waiting = {}

OutsideSpec == OutsideInit /\ [][Step \/ Between \/ Accept]_<<vars, outsideVars>>
=============================================================================
