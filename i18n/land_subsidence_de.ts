<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en">
<context>
    <name>Subsidence</name>
    <message>
        <source>1 Conditioning factors</source>
        <translation>1 Einflussfaktoren</translation>
    </message>
    <message>
        <source>1 computes in this process, and the same seed and data repeat the search. More start so many worker processes of one thread each, which is faster on several cores but cannot be repeated by the seed; 0 starts one a core.</source>
        <translation>1 rechnet in diesem Prozess, und derselbe Startwert mit denselben Daten wiederholt die Suche. Bei mehr starten ebenso viele Arbeitsprozesse mit je einem Thread; das ist auf mehreren Kernen schneller, lässt sich aber nicht über den Startwert wiederholen; 0 startet einen je Kern.</translation>
    </message>
    <message>
        <source>1 gives as many absence points as subsidence points.</source>
        <translation>1 ergibt ebenso viele Abwesenheitspunkte wie Senkungspunkte.</translation>
    </message>
    <message>
        <source>2 Inventory and samples</source>
        <translation>2 Inventar und Stichproben</translation>
    </message>
    <message>
        <source>3 Susceptibility</source>
        <translation>3 Suszeptibilität</translation>
    </message>
    <message>
        <source>4 Validation and explanation</source>
        <translation>4 Validierung und Erklärung</translation>
    </message>
    <message>
        <source>5 Deformation forecasting</source>
        <translation>5 Deformationsprognose</translation>
    </message>
    <message>
        <source>6 Uncertainty</source>
        <translation>6 Unsicherheit</translation>
    </message>
    <message>
        <source>7 Project</source>
        <translation>7 Projekt</translation>
    </message>
    <message>
        <source>8 Workflows</source>
        <translation>8 Arbeitsabläufe</translation>
    </message>
    <message>
        <source>A .safetensors file written by &apos;Train forecaster&apos; or &apos;Tune forecaster&apos;.</source>
        <translation>Eine von &apos;Prognosemodell trainieren&apos; oder &apos;Prognosemodell abstimmen&apos; geschriebene .safetensors-Datei.</translation>
    </message>
    <message>
        <source>A .safetensors file written by one of the training algorithms, for susceptibility or for forecasts.</source>
        <translation>Eine von einem der Trainingsalgorithmen geschriebene .safetensors-Datei, für Suszeptibilität oder für Prognosen.</translation>
    </message>
    <message>
        <source>A copy of the model file with its calibration, for &apos;Predict susceptibility&apos;. Needs a method in CALIBRATION.</source>
        <translation>Eine Kopie der Modelldatei mit ihrer Kalibrierung, für &apos;Suszeptibilität vorhersagen&apos;. Erfordert eine Methode in CALIBRATION.</translation>
    </message>
    <message>
        <source>A network&apos;s training stops after so many epochs without a lower loss on its inner hold-out.</source>
        <translation>Das Training eines Netzes endet nach so vielen Epochen ohne geringeren Verlust auf den intern zurückgehaltenen Zeilen.</translation>
    </message>
    <message>
        <source>A pass sees every training window once, each at a place drawn anew.</source>
        <translation>Ein Durchlauf sieht jedes Trainingsfenster einmal, jeweils an einer neu gezogenen Stelle.</translation>
    </message>
    <message>
        <source>A point has the weight 1 / distance^power. 0 is the plain mean of the neighbours; the larger, the more the nearest point decides.</source>
        <translation>Ein Punkt hat das Gewicht 1 / Abstand^Potenz. 0 ist das einfache Mittel der Nachbarn; je größer der Wert, desto mehr entscheidet der nächste Punkt.</translation>
    </message>
    <message>
        <source>A projected CRS. Empty: that of the points, or their UTM zone where they are in degrees.</source>
        <translation>Ein projiziertes KBS. Leer: das der Punkte oder, wenn diese in Grad vorliegen, ihre UTM-Zone.</translation>
    </message>
    <message>
        <source>A self-contained HTML page with the figures and tables of this run.</source>
        <translation>Eine eigenständige HTML-Seite mit den Abbildungen und Tabellen dieses Laufs.</translation>
    </message>
    <message>
        <source>AUC</source>
        <translation>AUC</translation>
    </message>
    <message>
        <source>AUC in random folds</source>
        <translation>AUC in zufälligen Teilmengen</translation>
    </message>
    <message>
        <source>AUC in spatial folds</source>
        <translation>AUC in räumlichen Teilmengen</translation>
    </message>
    <message>
        <source>AUC of the best baseline in spatial folds</source>
        <translation>AUC des besten Vergleichsmodells in räumlichen Teilmengen</translation>
    </message>
    <message>
        <source>AUC of the truth</source>
        <translation>AUC der Wahrheit</translation>
    </message>
    <message>
        <source>AUC of the truth against points drawn anywhere</source>
        <translation>AUC der Wahrheit gegenüber beliebig gezogenen Punkten</translation>
    </message>
    <message>
        <source>AUC on validation rows (training rows without these)</source>
        <translation>AUC auf Validierungszeilen (Trainingszeilen ohne diese)</translation>
    </message>
    <message>
        <source>AUTHENTICATION &apos;{entry}&apos; gives no user name and password; choose an entry of the kind &apos;Basic&apos;, and unlock QGIS&apos;s authentication database (qgis_process reads its master password from the file that QGIS_AUTH_PASSWORD_FILE names).</source>
        <translation>AUTHENTICATION &apos;{entry}&apos; liefert keinen Benutzernamen mit Passwort; einen Eintrag der Art &apos;Basic&apos; wählen und die Authentifizierungsdatenbank von QGIS entsperren (qgis_process liest deren Master-Passwort aus der Datei, die QGIS_AUTH_PASSWORD_FILE nennt).</translation>
    </message>
    <message>
        <source>Absence points</source>
        <translation>Abwesenheitspunkte</translation>
    </message>
    <message>
        <source>Absolute residuals</source>
        <translation>Absolute Residuen</translation>
    </message>
    <message>
        <source>Adam</source>
        <translation>Adam</translation>
    </message>
    <message>
        <source>Adam adapts the step of every weight; SGD is stochastic gradient descent with momentum.</source>
        <translation>Adam passt die Schrittweite jedes Gewichts an; SGD ist stochastischer Gradientenabstieg mit Momentum.</translation>
    </message>
    <message>
        <source>After &lt;i&gt;Predict susceptibility&lt;/i&gt;, to have a map that planners read. Next: &lt;i&gt;Frequency ratio&lt;/i&gt;, which tells whether the higher classes hold more subsidence.</source>
        <translation>Nach &lt;i&gt;Suszeptibilität vorhersagen&lt;/i&gt;, um eine für die Planung lesbare Karte zu erhalten. Danach: &lt;i&gt;Häufigkeitsverhältnis&lt;/i&gt;; es zeigt, ob die höheren Klassen mehr Senkung enthalten.</translation>
    </message>
    <message>
        <source>Align factors</source>
        <translation>Faktoren angleichen</translation>
    </message>
    <message>
        <source>All</source>
        <translation>Alle</translation>
    </message>
    <message>
        <source>All dates of either track</source>
        <translation>Alle Termine beider Spuren</translation>
    </message>
    <message>
        <source>All pairs</source>
        <translation>Alle Paare</translation>
    </message>
    <message>
        <source>All rows</source>
        <translation>Alle Zeilen</translation>
    </message>
    <message>
        <source>All rows: each is a test row once in every partition. Training rows: validation and test rows stay untouched, for example for a last check after tuning.</source>
        <translation>Alle Zeilen: jede ist in jeder Partition einmal Testzeile. Trainingszeilen: Validierungs- und Testzeilen bleiben unberührt, zum Beispiel für eine letzte Prüfung nach dem Abstimmen.</translation>
    </message>
    <message>
        <source>Allowed: {range}.</source>
        <translation>Zulässig: {range}.</translation>
    </message>
    <message>
        <source>An inventory, or samples with a label. Of polygons every cell whose centre lies inside (at least one) is an event. Any CRS.</source>
        <translation>Ein Inventar oder Stichproben mit einem Label. Bei Polygonen ist jede Zelle, deren Mittelpunkt darin liegt (mindestens eine), ein Ereignis. Beliebiges KBS.</translation>
    </message>
    <message>
        <source>Appendix B of the Hanoi paper</source>
        <translation>Anhang B des Hanoi-Artikels</translation>
    </message>
    <message>
        <source>Architecture</source>
        <translation>Architektur</translation>
    </message>
    <message>
        <source>Area of applicability</source>
        <translation>Anwendbarkeitsbereich</translation>
    </message>
    <message>
        <source>Area of the actions</source>
        <translation>Fläche der Maßnahmen</translation>
    </message>
    <message>
        <source>Area of the classes</source>
        <translation>Fläche der Klassen</translation>
    </message>
    <message>
        <source>Area under the prediction rate</source>
        <translation>Fläche unter der Vorhersageratenkurve</translation>
    </message>
    <message>
        <source>Area under the success rate</source>
        <translation>Fläche unter der Erfolgsratenkurve</translation>
    </message>
    <message>
        <source>Areas are on the ellipsoid row by row where the CRS is in degrees, else in the plane of the projection. Memory does not grow with the raster beyond 16.8 million cells.</source>
        <translation>Flächen werden bei einem KBS in Grad zeilenweise auf dem Ellipsoid berechnet, sonst in der Projektionsebene. Ab 16.8 Millionen Zellen wächst der Speicherbedarf nicht mehr mit dem Raster.</translation>
    </message>
    <message>
        <source>As in the preset</source>
        <translation>Wie in der Voreinstellung</translation>
    </message>
    <message>
        <source>Ascending track</source>
        <translation>Aufsteigende Spur</translation>
    </message>
    <message>
        <source>Aspect</source>
        <translation>Exposition</translation>
    </message>
    <message>
        <source>Aspect in nine classes</source>
        <translation>Exposition in neun Klassen</translation>
    </message>
    <message>
        <source>At most so many points, drawn at random, are predicted from the others to tell the error. 0: none.</source>
        <translation>Höchstens so viele zufällig gezogene Punkte werden aus den übrigen vorhergesagt, um den Fehler zu bestimmen. 0: keine.</translation>
    </message>
    <message>
        <source>Authentication of the database</source>
        <translation>Authentifizierung der Datenbank</translation>
    </message>
    <message>
        <source>Automatic</source>
        <translation>Automatisch</translation>
    </message>
    <message>
        <source>Automatic (units in the metadata)</source>
        <translation>Automatisch (Einheiten in den Metadaten)</translation>
    </message>
    <message>
        <source>Automatic takes the CUDA GPU where PyTorch finds one; the log says what was chosen.</source>
        <translation>Automatisch verwendet die CUDA-GPU, sofern PyTorch eine findet; das Protokoll nennt die Wahl.</translation>
    </message>
    <message>
        <source>Background rows</source>
        <translation>Hintergrundzeilen</translation>
    </message>
    <message>
        <source>Background rows of the rasters</source>
        <translation>Hintergrundzeilen der Raster</translation>
    </message>
    <message>
        <source>Balance the classes</source>
        <translation>Klassen ausgleichen</translation>
    </message>
    <message>
        <source>Balanced</source>
        <translation>Ausgeglichen</translation>
    </message>
    <message>
        <source>Balanced: rows of the rarer class count more, so that both classes weigh the same.</source>
        <translation>Ausgeglichen: Zeilen der selteneren Klasse zählen mehr, sodass beide Klassen gleich viel wiegen.</translation>
    </message>
    <message>
        <source>Band of each raster</source>
        <translation>Kanal jedes Rasters</translation>
    </message>
    <message>
        <source>Band of the exceedance</source>
        <translation>Kanal der Überschreitung</translation>
    </message>
    <message>
        <source>Bands of the stack</source>
        <translation>Kanäle des Stapels</translation>
    </message>
    <message>
        <source>Base value</source>
        <translation>Basiswert</translation>
    </message>
    <message>
        <source>Baseline</source>
        <translation>Referenz</translation>
    </message>
    <message>
        <source>Baselines</source>
        <translation>Vergleichsmodelle</translation>
    </message>
    <message>
        <source>Batch size</source>
        <translation>Stapelgröße (Batch)</translation>
    </message>
    <message>
        <source>Best baseline</source>
        <translation>Bestes Vergleichsmodell</translation>
    </message>
    <message>
        <source>Best mean of the first metric</source>
        <translation>Bestes Mittel der ersten Metrik</translation>
    </message>
    <message>
        <source>Best model on validation rows</source>
        <translation>Bestes Modell auf Validierungszeilen</translation>
    </message>
    <message>
        <source>Bivariate map</source>
        <translation>Bivariate Karte</translation>
    </message>
    <message>
        <source>Block size</source>
        <translation>Blockgröße</translation>
    </message>
    <message>
        <source>Block units</source>
        <translation>Einheiten je Block</translation>
    </message>
    <message>
        <source>Blocks</source>
        <translation>Blöcke</translation>
    </message>
    <message>
        <source>Bootstrap resamples</source>
        <translation>Bootstrap-Stichproben</translation>
    </message>
    <message>
        <source>Breaks of the Hanoi paper</source>
        <translation>Klassengrenzen des Hanoi-Artikels</translation>
    </message>
    <message>
        <source>Broken rows left out</source>
        <translation>Fehlerhafte Zeilen ausgelassen</translation>
    </message>
    <message>
        <source>By default the classes are natural breaks of Jenks on all cells. The paper&apos;s own breaks (0.078125, 0.249999, 0.507811, 0.781248) can be chosen, to compare maps of several models or areas by the same classes. Class i holds the values above break i − 1 up to and including break i; the lowest class includes the minimum. The breaks and the table are in the log.</source>
        <translation>Standardmäßig sind die Klassen natürliche Unterbrechungen nach Jenks über alle Zellen. Die Grenzen des Artikels (0.078125, 0.249999, 0.507811, 0.781248) können gewählt werden, um Karten mehrerer Modelle oder Gebiete mit denselben Klassen zu vergleichen. Klasse i enthält die Werte über Grenze i − 1 bis einschließlich Grenze i; die unterste Klasse schließt das Minimum ein. Grenzen und Tabelle stehen im Protokoll.</translation>
    </message>
    <message>
        <source>By importance, an unusual value matters as much as the factor matters to the model; a factor without influence cannot put a pixel outside.</source>
        <translation>Nach Wichtigkeit: ein ungewöhnlicher Wert zählt so viel wie der Faktor für das Modell; ein Faktor ohne Einfluss kann kein Pixel nach außen bringen.</translation>
    </message>
    <message>
        <source>CNN</source>
        <translation>CNN</translation>
    </message>
    <message>
        <source>CNN-LSTM</source>
        <translation>CNN-LSTM</translation>
    </message>
    <message>
        <source>CPU</source>
        <translation>CPU</translation>
    </message>
    <message>
        <source>CRS</source>
        <translation>KBS</translation>
    </message>
    <message>
        <source>CRS of the coordinates</source>
        <translation>KBS der Koordinaten</translation>
    </message>
    <message>
        <source>CRS of the grid</source>
        <translation>KBS des Gitters</translation>
    </message>
    <message>
        <source>CUDA</source>
        <translation>CUDA</translation>
    </message>
    <message>
        <source>Calibration error before recalibration</source>
        <translation>Kalibrierungsfehler vor der Rekalibrierung</translation>
    </message>
    <message>
        <source>Candidates (stable points)</source>
        <translation>Kandidaten (stabile Punkte)</translation>
    </message>
    <message>
        <source>Categorical polygons</source>
        <translation>Kategoriale Polygone</translation>
    </message>
    <message>
        <source>Categorical rasters</source>
        <translation>Kategoriale Raster</translation>
    </message>
    <message>
        <source>Cell size</source>
        <translation>Zellgröße</translation>
    </message>
    <message>
        <source>Cell size (m)</source>
        <translation>Zellgröße (m)</translation>
    </message>
    <message>
        <source>Cell size (map units)</source>
        <translation>Zellgröße (Karteneinheiten)</translation>
    </message>
    <message>
        <source>Cells compared</source>
        <translation>Verglichene Zellen</translation>
    </message>
    <message>
        <source>Cells drawn from a stack</source>
        <translation>Aus einem Stapel gezogene Zellen</translation>
    </message>
    <message>
        <source>Cells whose nearest point is farther from their centre than this (metres in the usual projected CRS) are nodata; the other cells still take points up to MAX_DISTANCE. Half the diagonal of a cell (71 m for 100 m cells) fills all cells that contain a point, and others only right beside one. Greater than 0, at most MAX_DISTANCE. Empty: as far as MAX_DISTANCE.</source>
        <translation>Zellen, deren nächster Punkt weiter als dieser Wert von ihrem Mittelpunkt entfernt ist (Meter im üblichen projizierten KBS), sind NoData; die übrigen Zellen verwenden weiterhin Punkte bis MAX_DISTANCE. Die halbe Zelldiagonale (71 m bei 100-m-Zellen) füllt alle Zellen, die einen Punkt enthalten, andere nur unmittelbar neben einem Punkt. Größer als 0, höchstens MAX_DISTANCE. Leer: bis MAX_DISTANCE.</translation>
    </message>
    <message>
        <source>Cells with a forecast</source>
        <translation>Zellen mit Prognose</translation>
    </message>
    <message>
        <source>Cells with a value</source>
        <translation>Zellen mit Wert</translation>
    </message>
    <message>
        <source>Change since the last date</source>
        <translation>Änderung seit dem letzten Termin</translation>
    </message>
    <message>
        <source>Changes of the search space</source>
        <translation>Änderungen am Suchraum</translation>
    </message>
    <message>
        <source>Check again</source>
        <translation>Erneut prüfen</translation>
    </message>
    <message>
        <source>Check installation</source>
        <translation>Installation prüfen</translation>
    </message>
    <message>
        <source>Check installation…</source>
        <translation>Installation prüfen…</translation>
    </message>
    <message>
        <source>Checkpoint</source>
        <translation>Kontrollpunkt</translation>
    </message>
    <message>
        <source>Class raster</source>
        <translation>Klassenraster</translation>
    </message>
    <message>
        <source>Class stack</source>
        <translation>Klassenstapel</translation>
    </message>
    <message>
        <source>Class weights</source>
        <translation>Klassengewichte</translation>
    </message>
    <message>
        <source>Classes</source>
        <translation>Klassen</translation>
    </message>
    <message>
        <source>Classify susceptibility</source>
        <translation>Suszeptibilität klassifizieren</translation>
    </message>
    <message>
        <source>Compare repeated runs</source>
        <translation>Wiederholte Läufe vergleichen</translation>
    </message>
    <message>
        <source>Comparisons</source>
        <translation>Vergleiche</translation>
    </message>
    <message>
        <source>Comparisons tested</source>
        <translation>Geprüfte Vergleiche</translation>
    </message>
    <message>
        <source>Component</source>
        <translation>Komponente</translation>
    </message>
    <message>
        <source>Compute threads</source>
        <translation>Rechenthreads</translation>
    </message>
    <message>
        <source>Confidence in the level</source>
        <translation>Konfidenz der Stufe</translation>
    </message>
    <message>
        <source>Configurations of the same model</source>
        <translation>Konfigurationen desselben Modells</translation>
    </message>
    <message>
        <source>Continuous rasters</source>
        <translation>Kontinuierliche Raster</translation>
    </message>
    <message>
        <source>Copied</source>
        <translation>Kopiert</translation>
    </message>
    <message>
        <source>Copies the line to the clipboard</source>
        <translation>Kopiert die Zeile in die Zwischenablage</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>Kopieren</translation>
    </message>
    <message>
        <source>Correlations</source>
        <translation>Korrelationen</translation>
    </message>
    <message>
        <source>Count a cell once</source>
        <translation>Jede Zelle einmal zählen</translation>
    </message>
    <message>
        <source>Covariates</source>
        <translation>Kovariaten</translation>
    </message>
    <message>
        <source>Coverage of the interval (%)</source>
        <translation>Abdeckung des Intervalls (%)</translation>
    </message>
    <message>
        <source>Create example area</source>
        <translation>Beispielgebiet erzeugen</translation>
    </message>
    <message>
        <source>Cross-validate</source>
        <translation>Kreuzvalidierung</translation>
    </message>
    <message>
        <source>Curvature</source>
        <translation>Krümmung</translation>
    </message>
    <message>
        <source>DRDN</source>
        <translation>DRDN</translation>
    </message>
    <message>
        <source>Data for workers elsewhere</source>
        <translation>Daten für Arbeitsprozesse auf anderen Rechnern</translation>
    </message>
    <message>
        <source>Date of origin</source>
        <translation>Ausgangstermin</translation>
    </message>
    <message>
        <source>Date to compare</source>
        <translation>Zu vergleichender Termin</translation>
    </message>
    <message>
        <source>Dates</source>
        <translation>Termine</translation>
    </message>
    <message>
        <source>Dates compared</source>
        <translation>Verglichene Termine</translation>
    </message>
    <message>
        <source>Dates of the time series, every 6 days from 3 January 2020; 304 are the five years of a product of the European Ground Motion Service.</source>
        <translation>Termine der Zeitreihen, alle 6 Tage ab dem 3. Januar 2020; 304 entsprechen den fünf Jahren eines Produkts des Europäischen Bodenbewegungsdienstes (EGMS).</translation>
    </message>
    <message>
        <source>Dates that both tracks have</source>
        <translation>Gemeinsame Termine beider Spuren</translation>
    </message>
    <message>
        <source>Dates that the forecaster reads.</source>
        <translation>Termine, die das Prognosemodell liest.</translation>
    </message>
    <message>
        <source>Dates that the forecaster reads; 60 are a year at 6 days.</source>
        <translation>Termine, die das Prognosemodell liest; 60 sind bei 6 Tagen ein Jahr.</translation>
    </message>
    <message>
        <source>Days between dates, for &apos;Every STEP days&apos;; 6 in EGMS L3.</source>
        <translation>Tage zwischen den Terminen, für &apos;Alle STEP Tage&apos;; 6 bei EGMS L3.</translation>
    </message>
    <message>
        <source>Days between forecast and observation</source>
        <translation>Tage zwischen Prognose und Beobachtung</translation>
    </message>
    <message>
        <source>DeLong&apos;s tests</source>
        <translation>DeLong-Tests</translation>
    </message>
    <message>
        <source>Decompose line of sight</source>
        <translation>Blickrichtung zerlegen</translation>
    </message>
    <message>
        <source>Default: {value}.</source>
        <translation>Vorgabe: {value}.</translation>
    </message>
    <message>
        <source>Defaults</source>
        <translation>Vorgaben</translation>
    </message>
    <message>
        <source>Deformation (size counts)</source>
        <translation>Deformation (der Betrag zählt)</translation>
    </message>
    <message>
        <source>Deformation stack</source>
        <translation>Deformationsstapel</translation>
    </message>
    <message>
        <source>Dense layer</source>
        <translation>Dense-Schicht</translation>
    </message>
    <message>
        <source>Dense layer 1</source>
        <translation>Dense-Schicht 1</translation>
    </message>
    <message>
        <source>Dense layer 2</source>
        <translation>Dense-Schicht 2</translation>
    </message>
    <message>
        <source>Descending track</source>
        <translation>Absteigende Spur</translation>
    </message>
    <message>
        <source>Device</source>
        <translation>Gerät</translation>
    </message>
    <message>
        <source>Device that will compute</source>
        <translation>Gerät für die Berechnung</translation>
    </message>
    <message>
        <source>Digital elevation model (DEM)</source>
        <translation>Digitales Höhenmodell (DHM)</translation>
    </message>
    <message>
        <source>Dissimilarity index</source>
        <translation>Unähnlichkeitsindex</translation>
    </message>
    <message>
        <source>Distance between absence points</source>
        <translation>Abstand zwischen Abwesenheitspunkten</translation>
    </message>
    <message>
        <source>Distance from subsidence</source>
        <translation>Abstand zur Senkung</translation>
    </message>
    <message>
        <source>Dominant factor</source>
        <translation>Dominanter Faktor</translation>
    </message>
    <message>
        <source>Dropout</source>
        <translation>Dropout</translation>
    </message>
    <message>
        <source>Dropout 1</source>
        <translation>Dropout 1</translation>
    </message>
    <message>
        <source>Dropout 2</source>
        <translation>Dropout 2</translation>
    </message>
    <message>
        <source>Dropout after each dense layer.</source>
        <translation>Dropout nach jeder Dense-Schicht.</translation>
    </message>
    <message>
        <source>Dropout after the LSTM layer.</source>
        <translation>Dropout nach der LSTM-Schicht.</translation>
    </message>
    <message>
        <source>Dropout after the dense layer.</source>
        <translation>Dropout nach der Dense-Schicht.</translation>
    </message>
    <message>
        <source>Dropout after the first dense layer.</source>
        <translation>Dropout nach der ersten Dense-Schicht.</translation>
    </message>
    <message>
        <source>Dropout after the second dense layer.</source>
        <translation>Dropout nach der zweiten Dense-Schicht.</translation>
    </message>
    <message>
        <source>Duplicates left out</source>
        <translation>Duplikate ausgelassen</translation>
    </message>
    <message>
        <source>Earlier dates are left out; this one stays. Velocity and its quality are then computed from the dates that stay. Empty: no limit.</source>
        <translation>Frühere Termine entfallen; dieser bleibt. Geschwindigkeit und ihre Qualität werden dann aus den verbleibenden Terminen berechnet. Leer: keine Grenze.</translation>
    </message>
    <message>
        <source>East (E)</source>
        <translation>Ost (E)</translation>
    </message>
    <message>
        <source>East points</source>
        <translation>Ostpunkte</translation>
    </message>
    <message>
        <source>Elevation</source>
        <translation>Höhe</translation>
    </message>
    <message>
        <source>Elevation band</source>
        <translation>Höhenkanal</translation>
    </message>
    <message>
        <source>Elevation model</source>
        <translation>Höhenmodell</translation>
    </message>
    <message>
        <source>End hopeless trials early</source>
        <translation>Aussichtslose Versuche früh beenden</translation>
    </message>
    <message>
        <source>Ensemble</source>
        <translation>Ensemble</translation>
    </message>
    <message>
        <source>Ensemble median</source>
        <translation>Ensemblemedian</translation>
    </message>
    <message>
        <source>Ensemble spread</source>
        <translation>Ensemblestreuung</translation>
    </message>
    <message>
        <source>Ensemble uncertainty</source>
        <translation>Ensembleunsicherheit</translation>
    </message>
    <message>
        <source>Entries parted by semicolons that replace the model&apos;s own space: a range (learning_rate=1e-4..1e-2), values (blocks=2,4,8), or one value that is not searched (batch_size=32). Empty: the space that the model declares; the report shows it.</source>
        <translation>Durch Semikolon getrennte Einträge, die den Suchraum des Modells ersetzen: ein Bereich (learning_rate=1e-4..1e-2), Werte (blocks=2,4,8) oder ein einzelner Wert, der nicht gesucht wird (batch_size=32). Leer: der vom Modell angegebene Suchraum; der Bericht zeigt ihn.</translation>
    </message>
    <message>
        <source>Equal interval</source>
        <translation>Gleiches Intervall</translation>
    </message>
    <message>
        <source>Events counted</source>
        <translation>Gezählte Ereignisse</translation>
    </message>
    <message>
        <source>Events of the ratio</source>
        <translation>Ereignisse des Verhältnisses</translation>
    </message>
    <message>
        <source>Every STEP days</source>
        <translation>Alle STEP Tage</translation>
    </message>
    <message>
        <source>Every step shrinks all weights by learning rate × weight decay, against overfitting on few samples; try 0.01 to 1. With Adam it acts beside the gradient (AdamW), with SGD as a penalty on the squared weights.</source>
        <translation>Jeder Schritt verkleinert alle Gewichte um Lernrate × Gewichtszerfall, gegen Überanpassung bei wenigen Stichproben; 0.01 bis 1 ausprobieren. Bei Adam wirkt er neben dem Gradienten (AdamW), bei SGD als Strafterm auf die quadrierten Gewichte.</translation>
    </message>
    <message>
        <source>Example</source>
        <translation>Beispiel</translation>
    </message>
    <message>
        <source>Exceedance probability</source>
        <translation>Überschreitungswahrscheinlichkeit</translation>
    </message>
    <message>
        <source>Explain model</source>
        <translation>Modell erklären</translation>
    </message>
    <message>
        <source>Explain recalibrated probabilities</source>
        <translation>Rekalibrierte Wahrscheinlichkeiten erklären</translation>
    </message>
    <message>
        <source>Exponent of the slope in the multiple flow direction: 1.1 after Freeman (1991); larger values gather the water in the steepest direction.</source>
        <translation>Exponent der Neigung beim Mehrfachabfluss: 1.1 nach Freeman (1991); größere Werte bündeln das Wasser in der steilsten Richtung.</translation>
    </message>
    <message>
        <source>Extent</source>
        <translation>Ausdehnung</translation>
    </message>
    <message>
        <source>Extract samples</source>
        <translation>Stichproben entnehmen</translation>
    </message>
    <message>
        <source>Factor classes</source>
        <translation>Faktorklassen</translation>
    </message>
    <message>
        <source>Factor correlation</source>
        <translation>Korrelation der Faktoren</translation>
    </message>
    <message>
        <source>Factor fields</source>
        <translation>Faktorfelder</translation>
    </message>
    <message>
        <source>Factor stack</source>
        <translation>Faktorenstapel</translation>
    </message>
    <message>
        <source>Factor stack or class stack</source>
        <translation>Faktorenstapel oder Klassenstapel</translation>
    </message>
    <message>
        <source>Factor stack or class stack (for the rasters)</source>
        <translation>Faktorenstapel oder Klassenstapel (für die Raster)</translation>
    </message>
    <message>
        <source>Factors</source>
        <translation>Faktoren</translation>
    </message>
    <message>
        <source>Feature id, or field=value (the first row with this value), of the sample whose prediction the report takes apart factor by factor. Empty: the highest prediction of those explained.</source>
        <translation>Objekt-ID oder Feld=Wert (die erste Zeile mit diesem Wert) der Stichprobe, deren Vorhersage der Bericht Faktor für Faktor zerlegt. Leer: die höchste Vorhersage unter den erklärten.</translation>
    </message>
    <message>
        <source>Field of the samples</source>
        <translation>Feld der Stichproben</translation>
    </message>
    <message>
        <source>Fields of the samples to correlate. Empty: all factors that &apos;Extract samples&apos; wrote, else all numeric fields but label, fold and coordinates.</source>
        <translation>Zu korrelierende Felder der Stichproben. Leer: alle von &apos;Stichproben entnehmen&apos; geschriebenen Faktoren, sonst alle numerischen Felder außer label, fold und Koordinaten.</translation>
    </message>
    <message>
        <source>Fields with the classes</source>
        <translation>Felder mit den Klassen</translation>
    </message>
    <message>
        <source>Files (csv or zip)</source>
        <translation>Dateien (csv oder zip)</translation>
    </message>
    <message>
        <source>Fill cells up to this distance (map units)</source>
        <translation>Zellen bis zu diesem Abstand füllen (Karteneinheiten)</translation>
    </message>
    <message>
        <source>Filters</source>
        <translation>Filter</translation>
    </message>
    <message>
        <source>First date</source>
        <translation>Erster Termin</translation>
    </message>
    <message>
        <source>First date of the forecast</source>
        <translation>Erster Termin der Prognose</translation>
    </message>
    <message>
        <source>Fits, on the validation rows, a map from the model&apos;s probability to one that comes true; for a single model. Isotonic regression takes any rising map, in steps, and needs some 1,000 rows; Platt&apos;s curve (logistic, on the log-odds) has two numbers, stays smooth, and does with a hundred.</source>
        <translation>Passt auf den Validierungszeilen eine Abbildung von der Wahrscheinlichkeit des Modells auf eine tatsächlich zutreffende an; für ein einzelnes Modell. Die isotone Regression lässt jede steigende Abbildung zu, in Stufen, und braucht etwa 1000 Zeilen; die Kurve von Platt (logistisch, auf den Log-Odds) hat zwei Parameter, bleibt glatt und kommt mit hundert aus.</translation>
    </message>
    <message>
        <source>Flow exponent</source>
        <translation>Abflussexponent</translation>
    </message>
    <message>
        <source>Fold field</source>
        <translation>Feld der Teilmenge (Fold)</translation>
    </message>
    <message>
        <source>Fold map</source>
        <translation>Karte der Teilmengen</translation>
    </message>
    <message>
        <source>Folder for single rasters</source>
        <translation>Ordner für Einzelraster</translation>
    </message>
    <message>
        <source>Folder for the raw layers</source>
        <translation>Ordner für die Rohlayer</translation>
    </message>
    <message>
        <source>Folds</source>
        <translation>Teilmengen (Folds)</translation>
    </message>
    <message>
        <source>Folds of the samples (field fold)</source>
        <translation>Teilmengen der Stichproben (Feld fold)</translation>
    </message>
    <message>
        <source>Forecast</source>
        <translation>Prognose</translation>
    </message>
    <message>
        <source>Forecast change</source>
        <translation>Prognostizierte Änderung</translation>
    </message>
    <message>
        <source>Forecast deformation</source>
        <translation>Deformation prognostizieren</translation>
    </message>
    <message>
        <source>Forecast of dates observed since</source>
        <translation>Prognose inzwischen beobachteter Termine</translation>
    </message>
    <message>
        <source>Forecaster</source>
        <translation>Prognosemodell</translation>
    </message>
    <message>
        <source>Forecaster report</source>
        <translation>Bericht zum Prognosemodell</translation>
    </message>
    <message>
        <source>Forecasting workflow</source>
        <translation>Arbeitsablauf Prognose</translation>
    </message>
    <message>
        <source>Forecasts</source>
        <translation>Prognosen</translation>
    </message>
    <message>
        <source>Frequency ratio</source>
        <translation>Häufigkeitsverhältnis</translation>
    </message>
    <message>
        <source>Frequency ratios</source>
        <translation>Häufigkeitsverhältnisse</translation>
    </message>
    <message>
        <source>GCN</source>
        <translation>GCN</translation>
    </message>
    <message>
        <source>GNSS points</source>
        <translation>GNSS-Punkte</translation>
    </message>
    <message>
        <source>GNSS velocity (field gnss_velocity_n)</source>
        <translation>GNSS-Geschwindigkeit (Feld gnss_velocity_n)</translation>
    </message>
    <message>
        <source>Gap (dates)</source>
        <translation>Lücke (Termine)</translation>
    </message>
    <message>
        <source>GeoTIFF, uint8: 1 is the lowest class, 0 is nodata.</source>
        <translation>GeoTIFF, uint8: 1 ist die unterste Klasse, 0 ist NoData.</translation>
    </message>
    <message>
        <source>Gradient boosting</source>
        <translation>Gradient Boosting</translation>
    </message>
    <message>
        <source>Grid</source>
        <translation>Rastersuche</translation>
    </message>
    <message>
        <source>Grid InSAR deformation</source>
        <translation>InSAR-Deformation rastern</translation>
    </message>
    <message>
        <source>Grid of points in polygons</source>
        <translation>Punktraster in Polygonen</translation>
    </message>
    <message>
        <source>Grid tries the combinations of a few values; random draws every trial anew; TPE learns from the trials so far where good values lie.</source>
        <translation>Rastersuche probiert die Kombinationen weniger Werte; Zufallssuche zieht jeden Versuch neu; TPE lernt aus den bisherigen Versuchen, wo gute Werte liegen.</translation>
    </message>
    <message>
        <source>Gridding report</source>
        <translation>Bericht zur Rasterung</translation>
    </message>
    <message>
        <source>Height (cells)</source>
        <translation>Höhe (Zellen)</translation>
    </message>
    <message>
        <source>High from this quantile (%)</source>
        <translation>Hoch ab diesem Quantil (%)</translation>
    </message>
    <message>
        <source>High values are good (coherence)</source>
        <translation>Hohe Werte sind gut (Kohärenz)</translation>
    </message>
    <message>
        <source>Highest VIF (none if infinite)</source>
        <translation>Höchster VIF (leer, wenn unendlich)</translation>
    </message>
    <message>
        <source>Hold out whole folds</source>
        <translation>Ganze Teilmengen zurückhalten</translation>
    </message>
    <message>
        <source>Hold out whole neighbourhoods</source>
        <translation>Ganze Nachbarschaften zurückhalten</translation>
    </message>
    <message>
        <source>Hold-out of training rows</source>
        <translation>Zurückgehaltene Trainingszeilen</translation>
    </message>
    <message>
        <source>Hold-out share</source>
        <translation>Zurückgehaltener Anteil</translation>
    </message>
    <message>
        <source>Horizon (dates)</source>
        <translation>Horizont (Termine)</translation>
    </message>
    <message>
        <source>Hotspots of errors</source>
        <translation>Hotspots der Fehler</translation>
    </message>
    <message>
        <source>How early stopping of networks judges in spatial folds: on whole neighbourhoods of the training rows, or (as the training algorithms do by default) on single ones. The rows left out play no part in either. With few samples whole neighbourhoods may cost more than they tell. A MODEL that was trained by holding out folds does so here too.</source>
        <translation>Wie das vorzeitige Beenden bei Netzen in räumlichen Teilmengen urteilt: anhand ganzer Nachbarschaften der Trainingszeilen oder (wie standardmäßig bei den Trainingsalgorithmen) anhand einzelner Zeilen. Die ausgelassenen Zeilen spielen in beiden Fällen keine Rolle. Bei wenigen Stichproben können ganze Nachbarschaften mehr kosten als sie aussagen. Ein MODEL, das unter Zurückhalten von Teilmengen trainiert wurde, tut dies auch hier.</translation>
    </message>
    <message>
        <source>How it works</source>
        <translation>Wie es funktioniert</translation>
    </message>
    <message>
        <source>How neighbourhoods are cut. Blocks give folds alike in size and class; k-means gives few compact regions far from each other, which is stricter; the field takes what &apos;Extract samples&apos; or you have written (the number of folds with it).</source>
        <translation>Wie Nachbarschaften gebildet werden. Blöcke ergeben in Größe und Klasse ähnliche Teilmengen; k-Means ergibt wenige kompakte, weit voneinander entfernte Regionen, was strenger ist; das Feld übernimmt, was &apos;Stichproben entnehmen&apos; oder man selbst geschrieben hat (samt der Anzahl der Teilmengen).</translation>
    </message>
    <message>
        <source>How points are dealt out to the parts and to the folds. Blocks and clusters keep neighbours together.</source>
        <translation>Wie Punkte auf die Teile und die Teilmengen (Folds) verteilt werden. Blöcke und Cluster halten Nachbarn zusammen.</translation>
    </message>
    <message>
        <source>How points are thinned to the spacing.</source>
        <translation>Wie Punkte auf den Abstand ausgedünnt werden.</translation>
    </message>
    <message>
        <source>How the breaks between classes are found.</source>
        <translation>Wie die Grenzen zwischen den Klassen bestimmt werden.</translation>
    </message>
    <message>
        <source>How the map of a date is read: convolutions, a graph of the nearest valid cells or points, or convolutions with skip connections.</source>
        <translation>Wie die Karte eines Termins gelesen wird: mit Faltungen, als Graph der nächsten gültigen Zellen oder Punkte oder mit Faltungen und Skip-Verbindungen.</translation>
    </message>
    <message>
        <source>Hyperparameters</source>
        <translation>Hyperparameter</translation>
    </message>
    <message>
        <source>Id of the model</source>
        <translation>ID des Modells</translation>
    </message>
    <message>
        <source>Import InSAR time series</source>
        <translation>InSAR-Zeitreihen importieren</translation>
    </message>
    <message>
        <source>Importance in the model (mean |SHAP|)</source>
        <translation>Wichtigkeit im Modell (mittleres |SHAP|)</translation>
    </message>
    <message>
        <source>InSAR inventory</source>
        <translation>InSAR-Inventar</translation>
    </message>
    <message>
        <source>InSAR points</source>
        <translation>InSAR-Punkte</translation>
    </message>
    <message>
        <source>Incidence angle, ascending (°)</source>
        <translation>Einfallswinkel, aufsteigend (°)</translation>
    </message>
    <message>
        <source>Incidence angle, descending (°)</source>
        <translation>Einfallswinkel, absteigend (°)</translation>
    </message>
    <message>
        <source>Indices</source>
        <translation>Indizes</translation>
    </message>
    <message>
        <source>Inflation factors</source>
        <translation>Varianzinflationsfaktoren</translation>
    </message>
    <message>
        <source>Inputs</source>
        <translation>Eingaben</translation>
    </message>
    <message>
        <source>Inverse penalty</source>
        <translation>Inverse Regularisierungsstärke</translation>
    </message>
    <message>
        <source>Isotonic regression</source>
        <translation>Isotone Regression</translation>
    </message>
    <message>
        <source>Iterations</source>
        <translation>Iterationen</translation>
    </message>
    <message>
        <source>Judge trials by</source>
        <translation>Versuche beurteilen nach</translation>
    </message>
    <message>
        <source>Kernel size</source>
        <translation>Kernelgröße</translation>
    </message>
    <message>
        <source>LSTM</source>
        <translation>LSTM</translation>
    </message>
    <message>
        <source>LSTM units</source>
        <translation>LSTM-Einheiten</translation>
    </message>
    <message>
        <source>Label field</source>
        <translation>Labelfeld</translation>
    </message>
    <message>
        <source>Largest index inside</source>
        <translation>Größter Index innerhalb</translation>
    </message>
    <message>
        <source>Largest number of epochs</source>
        <translation>Höchstzahl der Epochen</translation>
    </message>
    <message>
        <source>Largest number of passes</source>
        <translation>Höchstzahl der Durchläufe</translation>
    </message>
    <message>
        <source>Largest number of rows</source>
        <translation>Höchstzahl der Zeilen</translation>
    </message>
    <message>
        <source>Largest positive SHAP</source>
        <translation>Größtes positives SHAP</translation>
    </message>
    <message>
        <source>Largest standard error</source>
        <translation>Größter Standardfehler</translation>
    </message>
    <message>
        <source>Largest |SHAP|</source>
        <translation>Größtes |SHAP|</translation>
    </message>
    <message>
        <source>Last date</source>
        <translation>Letzter Termin</translation>
    </message>
    <message>
        <source>Last date known</source>
        <translation>Letzter bekannter Termin</translation>
    </message>
    <message>
        <source>Last date of the forecast</source>
        <translation>Letzter Termin der Prognose</translation>
    </message>
    <message>
        <source>Last map (any grid)</source>
        <translation>Letzte Karte (beliebiges Gitter)</translation>
    </message>
    <message>
        <source>Later dates are left out; this one stays. Velocity and its quality are then computed from the dates that stay. Empty: no limit.</source>
        <translation>Spätere Termine entfallen; dieser bleibt. Geschwindigkeit und ihre Qualität werden dann aus den verbleibenden Terminen berechnet. Leer: keine Grenze.</translation>
    </message>
    <message>
        <source>Layer with the field gnss_velocity_n (EGMS L3 from 2020-2024 on); each cell takes the nearest point. Empty: the field of the tracks themselves.</source>
        <translation>Layer mit dem Feld gnss_velocity_n (EGMS L3 ab 2020-2024); jede Zelle übernimmt den nächsten Punkt. Leer: das Feld der Spuren selbst.</translation>
    </message>
    <message>
        <source>Layers</source>
        <translation>Layer</translation>
    </message>
    <message>
        <source>Layers may be in different CRSs. Polygons of subsidence become points: the cells of the mask raster, points on a square grid, or one point each.</source>
        <translation>Layer dürfen unterschiedliche KBS haben. Senkungspolygone werden zu Punkten: zu den Zellen des Maskenrasters, zu Punkten eines quadratischen Gitters oder zu je einem Punkt.</translation>
    </message>
    <message>
        <source>Learning rate</source>
        <translation>Lernrate</translation>
    </message>
    <message>
        <source>Least distance</source>
        <translation>Mindestabstand</translation>
    </message>
    <message>
        <source>Least distance between points, or side of the cells, in map units (metres where the layer is in degrees); 0 keeps all. Points nearer than the cells of the factor stack say the same twice.</source>
        <translation>Mindestabstand zwischen Punkten oder Seitenlänge der Zellen, in Karteneinheiten (Meter, wenn der Layer in Grad vorliegt); 0 behält alle. Punkte, die dichter liegen als die Zellen des Faktorenstapels, sagen zweimal dasselbe.</translation>
    </message>
    <message>
        <source>Leaves</source>
        <translation>Blätter</translation>
    </message>
    <message>
        <source>Leaves of every tree of the gradient boosting, at most.</source>
        <translation>Höchstzahl der Blätter jedes Baums beim Gradient Boosting.</translation>
    </message>
    <message>
        <source>Legend table</source>
        <translation>Legendentabelle</translation>
    </message>
    <message>
        <source>Levels</source>
        <translation>Stufen</translation>
    </message>
    <message>
        <source>Levels by spread</source>
        <translation>Stufen nach Streuung</translation>
    </message>
    <message>
        <source>Line of sight (LOS)</source>
        <translation>Blickrichtung (LOS)</translation>
    </message>
    <message>
        <source>Line that installs the packages</source>
        <translation>Zeile zum Installieren der Pakete</translation>
    </message>
    <message>
        <source>Line that installs the packages, to be typed in {place}; then start QGIS again:</source>
        <translation>Zeile zum Installieren der Pakete, einzugeben in {place}; danach QGIS neu starten:</translation>
    </message>
    <message>
        <source>Line that installs the packages:</source>
        <translation>Zeile zum Installieren der Pakete:</translation>
    </message>
    <message>
        <source>Lines name=value (or separated by ;) over the defaults or the model&apos;s: the names of the training algorithms&apos; parameters in lower case, for example lstm_units=64, learning_rate=0.0005, epochs=200, weight_decay=0.01 or trees=500. Empty: none.</source>
        <translation>Zeilen name=Wert (oder durch ; getrennt), die die Vorgaben oder die Werte des Modells ersetzen: die Parameternamen der Trainingsalgorithmen in Kleinbuchstaben, zum Beispiel lstm_units=64, learning_rate=0.0005, epochs=200, weight_decay=0.01 oder trees=500. Leer: keine.</translation>
    </message>
    <message>
        <source>Log loss</source>
        <translation>Log-Verlust</translation>
    </message>
    <message>
        <source>Log-odds</source>
        <translation>Log-Odds</translation>
    </message>
    <message>
        <source>Logistic regression</source>
        <translation>Logistische Regression</translation>
    </message>
    <message>
        <source>Logistic regression is the usual yardstick; random forest often leads where samples are many and places alike, and falls behind it on unseen places.</source>
        <translation>Logistische Regression ist der übliche Maßstab; der Random Forest liegt oft vorn, wo es viele Stichproben und ähnliche Orte gibt, und fällt an unbekannten Orten dahinter zurück.</translation>
    </message>
    <message>
        <source>Longest gap interpolated (days)</source>
        <translation>Längste interpolierte Lücke (Tage)</translation>
    </message>
    <message>
        <source>Longest gap to bridge (days)</source>
        <translation>Längste zu überbrückende Lücke (Tage)</translation>
    </message>
    <message>
        <source>Looking at the packages; this takes some seconds …</source>
        <translation>Pakete werden geprüft; das dauert einige Sekunden …</translation>
    </message>
    <message>
        <source>Low spread up to this quantile (%)</source>
        <translation>Geringe Streuung bis zu diesem Quantil (%)</translation>
    </message>
    <message>
        <source>Low values are good (rmse)</source>
        <translation>Niedrige Werte sind gut (rmse)</translation>
    </message>
    <message>
        <source>Lower end of the interval</source>
        <translation>Untere Grenze des Intervalls</translation>
    </message>
    <message>
        <source>MNDWI</source>
        <translation>MNDWI</translation>
    </message>
    <message>
        <source>Manual</source>
        <translation>Manuell</translation>
    </message>
    <message>
        <source>Manual breaks</source>
        <translation>Manuelle Klassengrenzen</translation>
    </message>
    <message>
        <source>Map as PDF</source>
        <translation>Karte als PDF</translation>
    </message>
    <message>
        <source>Map project with print layout</source>
        <translation>Kartenprojekt mit Drucklayout</translation>
    </message>
    <message>
        <source>Map to mask (probability)</source>
        <translation>Zu maskierende Karte (Wahrscheinlichkeit)</translation>
    </message>
    <message>
        <source>Mask polygons</source>
        <translation>Maskenpolygone</translation>
    </message>
    <message>
        <source>Mask raster</source>
        <translation>Maskenraster</translation>
    </message>
    <message>
        <source>Masked map</source>
        <translation>Maskierte Karte</translation>
    </message>
    <message>
        <source>Members</source>
        <translation>Mitglieder</translation>
    </message>
    <message>
        <source>Members at the last date</source>
        <translation>Mitglieder am letzten Termin</translation>
    </message>
    <message>
        <source>Members of the ensemble</source>
        <translation>Mitglieder des Ensembles</translation>
    </message>
    <message>
        <source>Method</source>
        <translation>Methode</translation>
    </message>
    <message>
        <source>Method for continuous factors</source>
        <translation>Methode für kontinuierliche Faktoren</translation>
    </message>
    <message>
        <source>Metrics</source>
        <translation>Metriken</translation>
    </message>
    <message>
        <source>Minimum slope in the TWI</source>
        <translation>Mindestneigung im TWI</translation>
    </message>
    <message>
        <source>Model file</source>
        <translation>Modelldatei</translation>
    </message>
    <message>
        <source>Model file whose recipe is taken</source>
        <translation>Modelldatei, deren Rezept übernommen wird</translation>
    </message>
    <message>
        <source>Model files</source>
        <translation>Modelldateien</translation>
    </message>
    <message>
        <source>Model information</source>
        <translation>Modellinformationen</translation>
    </message>
    <message>
        <source>Model type</source>
        <translation>Modelltyp</translation>
    </message>
    <message>
        <source>Models trained in every fold, with other seeds; the mean of their probabilities is scored. Empty: as many as the model file has, 1 without one.</source>
        <translation>Modelle, die in jeder Teilmenge mit anderen Startwerten trainiert werden; bewertet wird das Mittel ihrer Wahrscheinlichkeiten. Leer: so viele, wie die Modelldatei hat, ohne Modelldatei 1.</translation>
    </message>
    <message>
        <source>Momentum</source>
        <translation>Momentum</translation>
    </message>
    <message>
        <source>Monitoring priority</source>
        <translation>Überwachungspriorität</translation>
    </message>
    <message>
        <source>Motion northwards</source>
        <translation>Bewegung nach Norden</translation>
    </message>
    <message>
        <source>Multi-band raster</source>
        <translation>Mehrkanalraster</translation>
    </message>
    <message>
        <source>Multiplies the elevations to give metres: 1 for metres, 0.3048 for feet, 0.01 for centimetres. Cell sizes are turned into metres by themselves.</source>
        <translation>Multipliziert die Höhen, sodass sich Meter ergeben: 1 für Meter, 0.3048 für Fuß, 0.01 für Zentimeter. Zellgrößen werden selbsttätig in Meter umgerechnet.</translation>
    </message>
    <message>
        <source>NDBI</source>
        <translation>NDBI</translation>
    </message>
    <message>
        <source>NDVI</source>
        <translation>NDVI</translation>
    </message>
    <message>
        <source>NDWI (McFeeters)</source>
        <translation>NDWI (McFeeters)</translation>
    </message>
    <message>
        <source>Name of the study</source>
        <translation>Name der Studie</translation>
    </message>
    <message>
        <source>Name within the storage. Empty: a name that follows from model type, search space, settings and data, so that the same search goes on and another one begins anew. A study of this name with another search space or other data is refused.</source>
        <translation>Name innerhalb des Speicherorts. Leer: ein Name, der sich aus Modelltyp, Suchraum, Einstellungen und Daten ergibt, sodass dieselbe Suche weiterläuft und eine andere neu beginnt. Eine Studie dieses Namens mit anderem Suchraum oder anderen Daten wird abgelehnt.</translation>
    </message>
    <message>
        <source>Names of the factors</source>
        <translation>Namen der Faktoren</translation>
    </message>
    <message>
        <source>Natural breaks (Jenks)</source>
        <translation>Natürliche Unterbrechungen (Jenks)</translation>
    </message>
    <message>
        <source>Neighbourhood of hotspots (cells)</source>
        <translation>Nachbarschaft der Hotspots (Zellen)</translation>
    </message>
    <message>
        <source>Neighbours</source>
        <translation>Nachbarn</translation>
    </message>
    <message>
        <source>None</source>
        <translation>Keine</translation>
    </message>
    <message>
        <source>None: all factors alike</source>
        <translation>Keine: alle Faktoren gleich</translation>
    </message>
    <message>
        <source>North (N)</source>
        <translation>Nord (N)</translation>
    </message>
    <message>
        <source>Number of InSAR dates</source>
        <translation>Anzahl der InSAR-Termine</translation>
    </message>
    <message>
        <source>Number of classes</source>
        <translation>Anzahl der Klassen</translation>
    </message>
    <message>
        <source>Number of convolution filters.</source>
        <translation>Anzahl der Faltungsfilter.</translation>
    </message>
    <message>
        <source>Number of members</source>
        <translation>Anzahl der Mitglieder</translation>
    </message>
    <message>
        <source>Number of random or spatial folds.</source>
        <translation>Anzahl der zufälligen oder räumlichen Teilmengen.</translation>
    </message>
    <message>
        <source>Number of residual blocks.</source>
        <translation>Anzahl der Residualblöcke.</translation>
    </message>
    <message>
        <source>Number of samples</source>
        <translation>Anzahl der Stichproben</translation>
    </message>
    <message>
        <source>Number of subsidence points</source>
        <translation>Anzahl der Senkungspunkte</translation>
    </message>
    <message>
        <source>Number of the best trial</source>
        <translation>Nummer des besten Versuchs</translation>
    </message>
    <message>
        <source>Number of warnings</source>
        <translation>Anzahl der Warnungen</translation>
    </message>
    <message>
        <source>Numeric field with the fold of each training row. Where it is empty or missing, each row is its own fold, as in the published software without cross-validation.</source>
        <translation>Numerisches Feld mit der Teilmenge (Fold) jeder Trainingszeile. Wo es leer ist oder fehlt, bildet jede Zeile ihre eigene Teilmenge, wie in der veröffentlichten Software ohne Kreuzvalidierung.</translation>
    </message>
    <message>
        <source>Observed deformation</source>
        <translation>Beobachtete Deformation</translation>
    </message>
    <message>
        <source>Offset</source>
        <translation>Offset</translation>
    </message>
    <message>
        <source>One or several .safetensors files written by the training algorithms.</source>
        <translation>Eine oder mehrere von den Trainingsalgorithmen geschriebene .safetensors-Dateien.</translation>
    </message>
    <message>
        <source>One or several files of one component (LOS, U or E) and, of the line of sight, one geometry (ascending or descending): import each by itself.</source>
        <translation>Eine oder mehrere Dateien einer Komponente (LOS, U oder E) und bei der Blickrichtung einer Geometrie (aufsteigend oder absteigend): jede für sich importieren.</translation>
    </message>
    <message>
        <source>One point a cell</source>
        <translation>Ein Punkt je Zelle</translation>
    </message>
    <message>
        <source>Optimise</source>
        <translation>Optimieren</translation>
    </message>
    <message>
        <source>Optimizer</source>
        <translation>Optimierer</translation>
    </message>
    <message>
        <source>Options: {options}.</source>
        <translation>Optionen: {options}.</translation>
    </message>
    <message>
        <source>Outputs</source>
        <translation>Ausgaben</translation>
    </message>
    <message>
        <source>Packages that cannot be used</source>
        <translation>Nicht verwendbare Pakete</translation>
    </message>
    <message>
        <source>Paper (whole map pooled)</source>
        <translation>Artikel (ganze Karte gepoolt)</translation>
    </message>
    <message>
        <source>Partitions</source>
        <translation>Partitionen</translation>
    </message>
    <message>
        <source>Passes over the training rows; early stopping usually ends before.</source>
        <translation>Durchläufe über die Trainingszeilen; vorzeitiges Beenden hält meist früher an.</translation>
    </message>
    <message>
        <source>Patience</source>
        <translation>Geduld</translation>
    </message>
    <message>
        <source>Patience (epochs)</source>
        <translation>Geduld (Epochen)</translation>
    </message>
    <message>
        <source>Penalty on leaves</source>
        <translation>Strafterm der Blätter</translation>
    </message>
    <message>
        <source>Penalty on the leaf values of the gradient boosting.</source>
        <translation>Strafterm auf die Blattwerte des Gradient Boostings.</translation>
    </message>
    <message>
        <source>Pixels valid in all members</source>
        <translation>In allen Mitgliedern gültige Pixel</translation>
    </message>
    <message>
        <source>Pixels with a larger dissimilarity index lie outside. Empty: the upper whisker of the index of the training rows, as published.</source>
        <translation>Pixel mit größerem Unähnlichkeitsindex liegen außerhalb. Leer: der obere Whisker des Index der Trainingszeilen, wie veröffentlicht.</translation>
    </message>
    <message>
        <source>Place of the waterfall</source>
        <translation>Ort des Wasserfalldiagramms</translation>
    </message>
    <message>
        <source>Platt&apos;s curve</source>
        <translation>Kurve von Platt</translation>
    </message>
    <message>
        <source>Points</source>
        <translation>Punkte</translation>
    </message>
    <message>
        <source>Points drawn from the truth (label 1), with the rate of subsidence in mm/yr.</source>
        <translation>Aus der Wahrheit gezogene Punkte (Label 1), mit der Senkungsrate in mm/yr.</translation>
    </message>
    <message>
        <source>Points farther from the centre of a cell do not count; a cell without a nearer one is nodata.</source>
        <translation>Punkte, die weiter vom Mittelpunkt einer Zelle entfernt sind, zählen nicht; eine Zelle ohne näheren Punkt ist NoData.</translation>
    </message>
    <message>
        <source>Points left out for the error</source>
        <translation>Für den Fehler ausgelassene Punkte</translation>
    </message>
    <message>
        <source>Points or polygons of known subsidence.</source>
        <translation>Punkte oder Polygone bekannter Senkung.</translation>
    </message>
    <message>
        <source>Points to choose from, for example stable InSAR points. Empty: random places in the mask.</source>
        <translation>Punkte zur Auswahl, zum Beispiel stabile InSAR-Punkte. Leer: zufällige Orte in der Maske.</translation>
    </message>
    <message>
        <source>Points with forecast</source>
        <translation>Punkte mit Prognose</translation>
    </message>
    <message>
        <source>Points with line-of-sight series (fields DYYYYMMDD), as &apos;Import InSAR time series&apos; writes them from EGMS L2a or L2b.</source>
        <translation>Punkte mit Zeitreihen in Blickrichtung (Felder DYYYYMMDD), wie sie &apos;InSAR-Zeitreihen importieren&apos; aus EGMS L2a oder L2b schreibt.</translation>
    </message>
    <message>
        <source>Points with this velocity or a faster one of the same sign are subsidence. Negative where negative is subsidence, as in EGMS.</source>
        <translation>Punkte mit dieser oder einer schnelleren Geschwindigkeit gleichen Vorzeichens gelten als Senkung. Negativ, wo negativ Senkung bedeutet, wie bei EGMS.</translation>
    </message>
    <message>
        <source>Polygons over stable ground: the mean of the points inside is taken off all points at each date. They may lie outside the extent. Empty: values as delivered.</source>
        <translation>Polygone über stabilem Untergrund: das Mittel der Punkte darin wird zu jedem Termin von allen Punkten abgezogen. Sie dürfen außerhalb der Ausdehnung liegen. Leer: Werte wie geliefert.</translation>
    </message>
    <message>
        <source>Power</source>
        <translation>Potenz</translation>
    </message>
    <message>
        <source>Precision</source>
        <translation>Rechengenauigkeit</translation>
    </message>
    <message>
        <source>Predict susceptibility</source>
        <translation>Suszeptibilität vorhersagen</translation>
    </message>
    <message>
        <source>Preset</source>
        <translation>Voreinstellung</translation>
    </message>
    <message>
        <source>Priority classes</source>
        <translation>Prioritätsklassen</translation>
    </message>
    <message>
        <source>Probability</source>
        <translation>Wahrscheinlichkeit</translation>
    </message>
    <message>
        <source>Probability from which a row is called subsidence; the paper takes 0.5.</source>
        <translation>Wahrscheinlichkeit, ab der eine Zeile als Senkung gilt; der Artikel verwendet 0.5.</translation>
    </message>
    <message>
        <source>Probability of each level</source>
        <translation>Wahrscheinlichkeit jeder Stufe</translation>
    </message>
    <message>
        <source>Probability of subsidence, 0 to 1, float32; nodata where a factor has no value.</source>
        <translation>Wahrscheinlichkeit der Senkung, 0 bis 1, float32; NoData, wo ein Faktor keinen Wert hat.</translation>
    </message>
    <message>
        <source>Probability raster</source>
        <translation>Wahrscheinlichkeitsraster</translation>
    </message>
    <message>
        <source>Project</source>
        <translation>Projekt</translation>
    </message>
    <message>
        <source>Quality field</source>
        <translation>Qualitätsfeld</translation>
    </message>
    <message>
        <source>Quality limit</source>
        <translation>Qualitätsgrenze</translation>
    </message>
    <message>
        <source>Quality sense</source>
        <translation>Bewertungsrichtung der Qualität</translation>
    </message>
    <message>
        <source>Quantile</source>
        <translation>Quantile</translation>
    </message>
    <message>
        <source>Quantile classes of a continuous factor in the frequency ratio model.</source>
        <translation>Quantilklassen eines kontinuierlichen Faktors im Modell der Häufigkeitsverhältnisse.</translation>
    </message>
    <message>
        <source>Quantiles (%)</source>
        <translation>Quantile (%)</translation>
    </message>
    <message>
        <source>Quantiles of the intensity</source>
        <translation>Quantile der Intensität</translation>
    </message>
    <message>
        <source>Quantity</source>
        <translation>Dargestellte Größe</translation>
    </message>
    <message>
        <source>RMSE at left-out points (mm)</source>
        <translation>RMSE an ausgelassenen Punkten (mm)</translation>
    </message>
    <message>
        <source>RMSE over all steps (mm)</source>
        <translation>RMSE über alle Schritte (mm)</translation>
    </message>
    <message>
        <source>Random</source>
        <translation>Zufallssuche</translation>
    </message>
    <message>
        <source>Random folds</source>
        <translation>Zufällige Teilmengen</translation>
    </message>
    <message>
        <source>Random forest</source>
        <translation>Random Forest</translation>
    </message>
    <message>
        <source>Random orders drawn for every background row of the rasters, the same for all pixels. More background rows are worth more than more rounds.</source>
        <translation>Zufällige Reihenfolgen, die für jede Hintergrundzeile der Raster gezogen werden, dieselben für alle Pixel. Mehr Hintergrundzeilen bringen mehr als mehr Durchgänge.</translation>
    </message>
    <message>
        <source>Random orders of the factors drawn for every background row and sample, each taken forwards and backwards. The standard error falls with the square root; with 1 there is none. Time grows with them.</source>
        <translation>Zufällige Reihenfolgen der Faktoren, die für jede Hintergrundzeile und Stichprobe gezogen und je vorwärts und rückwärts durchlaufen werden. Der Standardfehler sinkt mit der Quadratwurzel; bei 1 gibt es keinen. Die Rechenzeit wächst mit der Anzahl.</translation>
    </message>
    <message>
        <source>Random seed</source>
        <translation>Startwert (Zufall)</translation>
    </message>
    <message>
        <source>Random, stratified by label</source>
        <translation>Zufällig, nach Label geschichtet</translation>
    </message>
    <message>
        <source>Rank variance</source>
        <translation>Rangvarianz</translation>
    </message>
    <message>
        <source>Ranking of the factors</source>
        <translation>Rangfolge der Faktoren</translation>
    </message>
    <message>
        <source>Raster of elevations with a CRS, projected or in degrees. Take it somewhat larger than the study area: the TWI lacks the water from outside.</source>
        <translation>Höhenraster mit KBS, projiziert oder in Grad. Etwas größer als das Untersuchungsgebiet wählen: dem TWI fehlt sonst das Wasser von außerhalb.</translation>
    </message>
    <message>
        <source>Ratio report</source>
        <translation>Bericht zum Verhältnis</translation>
    </message>
    <message>
        <source>Recalibrated model</source>
        <translation>Rekalibriertes Modell</translation>
    </message>
    <message>
        <source>Recalibration</source>
        <translation>Rekalibrierung</translation>
    </message>
    <message>
        <source>Reclassify factors</source>
        <translation>Faktoren reklassifizieren</translation>
    </message>
    <message>
        <source>Reference</source>
        <translation>Quelle</translation>
    </message>
    <message>
        <source>Reference area</source>
        <translation>Referenzfläche</translation>
    </message>
    <message>
        <source>Reference raster</source>
        <translation>Referenzraster</translation>
    </message>
    <message>
        <source>Reflectance = scale × stored value + offset. The default is that of Landsat Collection 2 Level 2 (surface reflectance); Landsat Collection 2 Level 1 (top of atmosphere): 0.00002 and -0.1; Sentinel-2: 0.0001; reflectances: 1 and 0.</source>
        <translation>Reflexionsgrad = Skalierung × gespeicherter Wert + Offset. Die Vorgabe gilt für Landsat Collection 2 Level 2 (Bodenreflexion); Landsat Collection 2 Level 1 (Oberrand der Atmosphäre): 0.00002 und -0.1; Sentinel-2: 0.0001; Reflexionsgrade: 1 und 0.</translation>
    </message>
    <message>
        <source>Repeats</source>
        <translation>Wiederholungen</translation>
    </message>
    <message>
        <source>Repeats the whole search, with the seeds SEED, SEED + 1 and so on, TRIALS each; the paper takes 10. The defaults are trained with each seed as well. RUNS has both, and MODEL the best trials of all searches.</source>
        <translation>Wiederholt die ganze Suche mit den Startwerten SEED, SEED + 1 und so weiter, mit je TRIALS Versuchen; der Artikel verwendet 10. Auch die Vorgaben werden mit jedem Startwert trainiert. RUNS enthält beide und MODEL die besten Versuche aller Suchen.</translation>
    </message>
    <message>
        <source>Report</source>
        <translation>Bericht</translation>
    </message>
    <message>
        <source>ResNet</source>
        <translation>ResNet</translation>
    </message>
    <message>
        <source>Resamples of the rows, within each class, for the 95 % bands of the ROC curves and the intervals of the AUC; 0 leaves them out.</source>
        <translation>Neuziehungen der Zeilen innerhalb jeder Klasse, für die 95-%-Bänder der ROC-Kurven und die Intervalle der AUC; 0 lässt sie weg.</translation>
    </message>
    <message>
        <source>Residual</source>
        <translation>Residuum</translation>
    </message>
    <message>
        <source>Residual report</source>
        <translation>Residuenbericht</translation>
    </message>
    <message>
        <source>Residuals at the points</source>
        <translation>Residuen an den Punkten</translation>
    </message>
    <message>
        <source>Residuals of forecasts</source>
        <translation>Residuen der Prognosen</translation>
    </message>
    <message>
        <source>Rounds</source>
        <translation>Durchgänge</translation>
    </message>
    <message>
        <source>Rounds of the rasters</source>
        <translation>Durchgänge der Raster</translation>
    </message>
    <message>
        <source>Rows</source>
        <translation>Zeilen</translation>
    </message>
    <message>
        <source>Rows in a leaf</source>
        <translation>Zeilen je Blatt</translation>
    </message>
    <message>
        <source>Rows of the rarer class count more, so that both classes weigh the same.</source>
        <translation>Zeilen der selteneren Klasse zählen mehr, sodass beide Klassen gleich viel wiegen.</translation>
    </message>
    <message>
        <source>Rows of the samples</source>
        <translation>Zeilen der Stichproben</translation>
    </message>
    <message>
        <source>Rows to explain</source>
        <translation>Zu erklärende Zeilen</translation>
    </message>
    <message>
        <source>Rules</source>
        <translation>Regeln</translation>
    </message>
    <message>
        <source>Rules by factor (JSON)</source>
        <translation>Regeln nach Faktor (JSON)</translation>
    </message>
    <message>
        <source>Runs table</source>
        <translation>Lauftabelle</translation>
    </message>
    <message>
        <source>Runs tables</source>
        <translation>Lauftabellen</translation>
    </message>
    <message>
        <source>SAVI</source>
        <translation>SAVI</translation>
    </message>
    <message>
        <source>SGD</source>
        <translation>SGD</translation>
    </message>
    <message>
        <source>SHAP values</source>
        <translation>SHAP-Werte</translation>
    </message>
    <message>
        <source>Sample of the waterfall</source>
        <translation>Stichprobe des Wasserfalldiagramms</translation>
    </message>
    <message>
        <source>Samples</source>
        <translation>Stichproben</translation>
    </message>
    <message>
        <source>Samples hold as many stable as subsiding points, an area does not. Given the share of the area that subsides (0 to 1, excluded), the odds p/(1-p) of the map are multiplied by the ratio of the prior odds, area to samples (to calibration rows for a recalibrated model). Ranking and AUC do not change. Empty: probabilities as the model gives them.</source>
        <translation>Stichproben enthalten ebenso viele stabile wie sinkende Punkte, ein Gebiet nicht. Ist der Flächenanteil der Senkung angegeben (0 bis 1, ausschließlich), werden die Odds p/(1-p) der Karte mit dem Verhältnis der A-priori-Odds von Gebiet zu Stichproben multipliziert (bei einem rekalibrierten Modell zu den Kalibrierungszeilen). Rangfolge und AUC ändern sich nicht. Leer: Wahrscheinlichkeiten, wie das Modell sie liefert.</translation>
    </message>
    <message>
        <source>Samples of the model</source>
        <translation>Stichproben des Modells</translation>
    </message>
    <message>
        <source>Samples with SHAP values</source>
        <translation>Stichproben mit SHAP-Werten</translation>
    </message>
    <message>
        <source>Scale</source>
        <translation>Skalierung</translation>
    </message>
    <message>
        <source>Scores</source>
        <translation>Bewertungen</translation>
    </message>
    <message>
        <source>Scores by horizon</source>
        <translation>Bewertungen nach Horizont</translation>
    </message>
    <message>
        <source>Search</source>
        <translation>Suche</translation>
    </message>
    <message>
        <source>Several events of one split in one cell count as one.</source>
        <translation>Mehrere Ereignisse desselben Teils in einer Zelle zählen als eines.</translation>
    </message>
    <message>
        <source>Share of inputs in a split</source>
        <translation>Anteil der Eingaben je Verzweigung</translation>
    </message>
    <message>
        <source>Share of test dates</source>
        <translation>Anteil der Testtermine</translation>
    </message>
    <message>
        <source>Share of test points</source>
        <translation>Anteil der Testpunkte</translation>
    </message>
    <message>
        <source>Share of the area outside</source>
        <translation>Flächenanteil außerhalb</translation>
    </message>
    <message>
        <source>Share of the area that subsides (corrects the prior)</source>
        <translation>Flächenanteil der Senkung (korrigiert die A-priori-Wahrscheinlichkeit)</translation>
    </message>
    <message>
        <source>Share of the inputs that every split of the random forest looks at; 0 takes the square root of their number.</source>
        <translation>Anteil der Eingaben, den jede Verzweigung des Random Forest betrachtet; 0 verwendet die Quadratwurzel ihrer Anzahl.</translation>
    </message>
    <message>
        <source>Share of the training rows that finds the best epoch; with 0 all rows train and the last weights are kept.</source>
        <translation>Anteil der Trainingszeilen, der die beste Epoche bestimmt; bei 0 trainieren alle Zeilen, und die letzten Gewichte werden behalten.</translation>
    </message>
    <message>
        <source>Share of the training rows that judges trials, where there are no folds.</source>
        <translation>Anteil der Trainingszeilen, der Versuche beurteilt, wo es keine Teilmengen gibt.</translation>
    </message>
    <message>
        <source>Share of validation dates</source>
        <translation>Anteil der Validierungstermine</translation>
    </message>
    <message>
        <source>Share of validation points</source>
        <translation>Anteil der Validierungspunkte</translation>
    </message>
    <message>
        <source>Side of a cell, in metres for the usual projected CRS. Cells begin at multiples of it, so that grids of several layers match.</source>
        <translation>Seitenlänge einer Zelle, in Metern im üblichen projizierten KBS. Zellen beginnen bei Vielfachen davon, sodass die Gitter mehrerer Layer zusammenpassen.</translation>
    </message>
    <message>
        <source>Side of square blocks</source>
        <translation>Seitenlänge der quadratischen Blöcke</translation>
    </message>
    <message>
        <source>Side of the square blocks in map units of the samples (metres where their CRS is in degrees). Empty: suggested from the range of the factors&apos; semivariograms.</source>
        <translation>Seitenlänge der quadratischen Blöcke in Karteneinheiten der Stichproben (Meter, wenn ihr KBS in Grad ist). Leer: aus der Reichweite der Semivariogramme der Faktoren vorgeschlagen.</translation>
    </message>
    <message>
        <source>Signed residuals</source>
        <translation>Residuen mit Vorzeichen</translation>
    </message>
    <message>
        <source>Significance level</source>
        <translation>Signifikanzniveau</translation>
    </message>
    <message>
        <source>Significant after correction</source>
        <translation>Nach Korrektur signifikant</translation>
    </message>
    <message>
        <source>Simple models that are measured in the same folds, with their defaults. Headless, QGIS 3.22 takes the default for an empty list; name one instead.</source>
        <translation>Einfache Modelle, die in denselben Teilmengen mit ihren Vorgaben gemessen werden. Ohne Oberfläche verwendet QGIS 3.22 bei leerer Liste die Vorgabe; stattdessen eines nennen.</translation>
    </message>
    <message>
        <source>Size of the optimizer&apos;s steps. Empty: the preset&apos;s.</source>
        <translation>Schrittweite des Optimierers. Leer: die der Voreinstellung.</translation>
    </message>
    <message>
        <source>Skill against the best simple forecast</source>
        <translation>Güte gegenüber der besten einfachen Prognose</translation>
    </message>
    <message>
        <source>Slope</source>
        <translation>Neigung</translation>
    </message>
    <message>
        <source>So many of the best trials with different values become the members of MODEL; the forecast is their median. The defaults, trained and judged as well, are a member where they are among the best.</source>
        <translation>So viele der besten Versuche mit unterschiedlichen Werten werden Mitglieder von MODEL; die Prognose ist ihr Median. Die ebenfalls trainierten und beurteilten Vorgaben sind ein Mitglied, wenn sie zu den besten gehören.</translation>
    </message>
    <message>
        <source>So many of the rows, drawn by SEED with each label in its share, are explained; 0 explains all. Time grows with them.</source>
        <translation>So viele der Zeilen werden erklärt, gezogen mit SEED und jedes Label mit seinem Anteil; 0 erklärt alle. Die Rechenzeit wächst mit der Anzahl.</translation>
    </message>
    <message>
        <source>Spacing</source>
        <translation>Abstand</translation>
    </message>
    <message>
        <source>Spatial encoder</source>
        <translation>Räumlicher Encoder</translation>
    </message>
    <message>
        <source>Spatial folds</source>
        <translation>Räumliche Teilmengen</translation>
    </message>
    <message>
        <source>Spatial folds: k-means</source>
        <translation>Räumliche Teilmengen: k-Means</translation>
    </message>
    <message>
        <source>Spatial folds: square blocks</source>
        <translation>Räumliche Teilmengen: quadratische Blöcke</translation>
    </message>
    <message>
        <source>Spectral indices</source>
        <translation>Spektralindizes</translation>
    </message>
    <message>
        <source>Spectral indices from satellite bands</source>
        <translation>Spektralindizes aus Satellitenkanälen</translation>
    </message>
    <message>
        <source>Split</source>
        <translation>Aufteilung</translation>
    </message>
    <message>
        <source>Split field</source>
        <translation>Feld der Aufteilung</translation>
    </message>
    <message>
        <source>Square blocks</source>
        <translation>Quadratische Blöcke</translation>
    </message>
    <message>
        <source>Stable points</source>
        <translation>Stabile Punkte</translation>
    </message>
    <message>
        <source>Stable points move by less than this either way; at most the size of the velocity of subsidence.</source>
        <translation>Stabile Punkte bewegen sich in beiden Richtungen um weniger als diesen Wert; höchstens der Betrag der Senkungsgeschwindigkeit.</translation>
    </message>
    <message>
        <source>Standard deviation</source>
        <translation>Standardabweichung</translation>
    </message>
    <message>
        <source>Step (days)</source>
        <translation>Schritt (Tage)</translation>
    </message>
    <message>
        <source>Step between bands (days)</source>
        <translation>Schritt zwischen Kanälen (Tage)</translation>
    </message>
    <message>
        <source>Step of the members</source>
        <translation>Schritt der Mitglieder</translation>
    </message>
    <message>
        <source>Stop after so many epochs without a lower hold-out loss (once it has begun to learn); 0 never stops early. The weights of the best epoch are kept in either case.</source>
        <translation>Nach so vielen Epochen ohne geringeren Verlust auf den zurückgehaltenen Zeilen anhalten (sobald das Lernen begonnen hat); 0 hält nie vorzeitig an. In beiden Fällen werden die Gewichte der besten Epoche behalten.</translation>
    </message>
    <message>
        <source>Storage of the trials</source>
        <translation>Speicherort der Versuche</translation>
    </message>
    <message>
        <source>Strongest factor</source>
        <translation>Stärkster Faktor</translation>
    </message>
    <message>
        <source>Subsidence</source>
        <translation>Senkung</translation>
    </message>
    <message>
        <source>Subsidence and absence points</source>
        <translation>Senkungs- und Abwesenheitspunkte</translation>
    </message>
    <message>
        <source>Subsidence inventory</source>
        <translation>Senkungsinventar</translation>
    </message>
    <message>
        <source>Subsidence points</source>
        <translation>Senkungspunkte</translation>
    </message>
    <message>
        <source>Subsidence points or samples</source>
        <translation>Senkungspunkte oder Stichproben</translation>
    </message>
    <message>
        <source>Subsidence probability</source>
        <translation>Senkungswahrscheinlichkeit</translation>
    </message>
    <message>
        <source>Suggested block size</source>
        <translation>Vorgeschlagene Blockgröße</translation>
    </message>
    <message>
        <source>Susceptibility classes</source>
        <translation>Suszeptibilitätsklassen</translation>
    </message>
    <message>
        <source>Susceptibility workflow</source>
        <translation>Arbeitsablauf Suszeptibilität</translation>
    </message>
    <message>
        <source>TPE</source>
        <translation>TPE</translation>
    </message>
    <message>
        <source>Table of areas</source>
        <translation>Flächentabelle</translation>
    </message>
    <message>
        <source>Table of classes</source>
        <translation>Klassentabelle</translation>
    </message>
    <message>
        <source>Table of errors</source>
        <translation>Fehlertabelle</translation>
    </message>
    <message>
        <source>Table of factors</source>
        <translation>Faktorentabelle</translation>
    </message>
    <message>
        <source>Table of levels</source>
        <translation>Stufentabelle</translation>
    </message>
    <message>
        <source>Table of packages</source>
        <translation>Pakettabelle</translation>
    </message>
    <message>
        <source>Take the median off each date</source>
        <translation>Median von jedem Termin abziehen</translation>
    </message>
    <message>
        <source>Takes the median of all points off at each date, which removes what the whole area has in common (residual atmosphere, but also real motion of the whole area). Not together with a reference area.</source>
        <translation>Zieht zu jedem Termin den Median aller Punkte ab. Das entfernt, was dem ganzen Gebiet gemeinsam ist (Restatmosphäre, aber auch echte Bewegung des gesamten Gebiets). Nicht zusammen mit einer Referenzfläche.</translation>
    </message>
    <message>
        <source>Temporal encoder</source>
        <translation>Zeitlicher Encoder</translation>
    </message>
    <message>
        <source>Test</source>
        <translation>Test</translation>
    </message>
    <message>
        <source>The best TOP trials as members of one model; prediction takes their mean and can write their spread.</source>
        <translation>Die besten TOP Versuche als Mitglieder eines Modells; die Vorhersage verwendet ihr Mittel und kann ihre Streuung schreiben.</translation>
    </message>
    <message>
        <source>The best trial, trained on all training rows.</source>
        <translation>Der beste Versuch, auf allen Trainingszeilen trainiert.</translation>
    </message>
    <message>
        <source>The check was stopped.</source>
        <translation>Die Prüfung wurde angehalten.</translation>
    </message>
    <message>
        <source>The complete rules of this run, to be applied to another raster through RULES.</source>
        <translation>Die vollständigen Regeln dieses Laufs, über RULES auf ein anderes Raster anwendbar.</translation>
    </message>
    <message>
        <source>The explained samples with all their fields, prediction, base_value and shap_FACTOR for every factor; coloured by the strongest factor. No shapefile.</source>
        <translation>Die erklärten Stichproben mit allen Feldern, prediction, base_value und shap_FACTOR für jeden Faktor; nach dem stärksten Faktor eingefärbt. Kein Shapefile.</translation>
    </message>
    <message>
        <source>The factor that moves the prediction the most from the base value, up or down; or the one that raises it the most, which says what drives the hazard at a place.</source>
        <translation>Der Faktor, der die Vorhersage am stärksten vom Basiswert nach oben oder unten verschiebt; oder der, der sie am stärksten erhöht und damit zeigt, was die Gefährdung an einem Ort treibt.</translation>
    </message>
    <message>
        <source>The last date that the forecast may know: a date of the stack as 2023-06-30, or a negative number, -10 for ten dates before the last. Empty: the last one.</source>
        <translation>Der letzte Termin, den die Prognose kennen darf: ein Termin des Stapels wie 2023-06-30 oder eine negative Zahl, -10 für zehn Termine vor dem letzten. Leer: der letzte.</translation>
    </message>
    <message>
        <source>The same seed and the same data give the same result.</source>
        <translation>Derselbe Startwert und dieselben Daten ergeben dasselbe Ergebnis.</translation>
    </message>
    <message>
        <source>The samples with all their fields, the random and the spatial fold of the first partition (fold_random, fold_spatial), and the probability from the model that was trained without that fold (p_random, p_spatial). It can be given to &apos;Area of applicability&apos; as the samples of the model. Needs samples with points.</source>
        <translation>Die Stichproben mit allen Feldern, der zufälligen und der räumlichen Teilmenge der ersten Partition (fold_random, fold_spatial) und der Wahrscheinlichkeit aus dem Modell, das ohne diese Teilmenge trainiert wurde (p_random, p_spatial). Sie können &apos;Anwendbarkeitsbereich&apos; als Stichproben des Modells übergeben werden. Erfordert Stichproben mit Punkten.</translation>
    </message>
    <message>
        <source>The table &apos;{name}&apos; (RUNS) cannot be opened; check it.</source>
        <translation>Die Tabelle &apos;{name}&apos; (RUNS) lässt sich nicht öffnen; bitte prüfen.</translation>
    </message>
    <message>
        <source>The trained networks and their description.</source>
        <translation>Die trainierten Netze und ihre Beschreibung.</translation>
    </message>
    <message>
        <source>There is no algorithm {id}.</source>
        <translation>Es gibt keinen Algorithmus {id}.</translation>
    </message>
    <message>
        <source>Thinning</source>
        <translation>Ausdünnung</translation>
    </message>
    <message>
        <source>Threshold</source>
        <translation>Schwellenwert</translation>
    </message>
    <message>
        <source>Threshold of |r|</source>
        <translation>Schwellenwert von |r|</translation>
    </message>
    <message>
        <source>Tiles computed at a time; 0 takes one thread for each processor core.</source>
        <translation>Gleichzeitig berechnete Kacheln; 0 verwendet einen Thread je Prozessorkern.</translation>
    </message>
    <message>
        <source>Title</source>
        <translation>Titel</translation>
    </message>
    <message>
        <source>Topographic factors</source>
        <translation>Topographische Faktoren</translation>
    </message>
    <message>
        <source>Topographic factors from a DEM</source>
        <translation>Topographische Faktoren aus einem DHM</translation>
    </message>
    <message>
        <source>Topographic wetness index (TWI)</source>
        <translation>Topographischer Feuchteindex (TWI)</translation>
    </message>
    <message>
        <source>Track angle, ascending (°)</source>
        <translation>Spurwinkel, aufsteigend (°)</translation>
    </message>
    <message>
        <source>Track angle, descending (°)</source>
        <translation>Spurwinkel, absteigend (°)</translation>
    </message>
    <message>
        <source>Train CNN</source>
        <translation>CNN trainieren</translation>
    </message>
    <message>
        <source>Train CNN-LSTM</source>
        <translation>CNN-LSTM trainieren</translation>
    </message>
    <message>
        <source>Train DRDN</source>
        <translation>DRDN trainieren</translation>
    </message>
    <message>
        <source>Train LSTM</source>
        <translation>LSTM trainieren</translation>
    </message>
    <message>
        <source>Train baseline</source>
        <translation>Vergleichsmodell trainieren</translation>
    </message>
    <message>
        <source>Train forecaster</source>
        <translation>Prognosemodell trainieren</translation>
    </message>
    <message>
        <source>Training</source>
        <translation>Training</translation>
    </message>
    <message>
        <source>Training history</source>
        <translation>Trainingsverlauf</translation>
    </message>
    <message>
        <source>Training report</source>
        <translation>Trainingsbericht</translation>
    </message>
    <message>
        <source>Training rows</source>
        <translation>Trainingszeilen</translation>
    </message>
    <message>
        <source>Training rows (field split)</source>
        <translation>Trainingszeilen (Feld split)</translation>
    </message>
    <message>
        <source>Training rows are those whose field split is &apos;train&apos;; without that field all rows count.</source>
        <translation>Trainingszeilen sind jene, deren Feld split &apos;train&apos; ist; ohne dieses Feld zählen alle Zeilen.</translation>
    </message>
    <message>
        <source>Training rows in every leaf of the random forest, at least; more give smoother maps that hold better on unseen places.</source>
        <translation>Mindestzahl der Trainingszeilen in jedem Blatt des Random Forest; mehr ergeben glattere Karten, die sich an unbekannten Orten besser bewähren.</translation>
    </message>
    <message>
        <source>Training rows, drawn by SEED with each label in its share, over which a factor is averaged while it is not known. Their mean prediction is the base value. Time grows with them.</source>
        <translation>Trainingszeilen, gezogen mit SEED und jedes Label mit seinem Anteil, über die ein Faktor gemittelt wird, solange er nicht bekannt ist. Ihre mittlere Vorhersage ist der Basiswert. Die Rechenzeit wächst mit der Anzahl.</translation>
    </message>
    <message>
        <source>Transformer</source>
        <translation>Transformer</translation>
    </message>
    <message>
        <source>Trees</source>
        <translation>Bäume</translation>
    </message>
    <message>
        <source>Trees of the gradient boosting, one after another.</source>
        <translation>Bäume des Gradient Boostings, einer nach dem anderen.</translation>
    </message>
    <message>
        <source>Trials</source>
        <translation>Versuche</translation>
    </message>
    <message>
        <source>Trials at the same time</source>
        <translation>Gleichzeitige Versuche</translation>
    </message>
    <message>
        <source>Trials in the ensemble</source>
        <translation>Versuche im Ensemble</translation>
    </message>
    <message>
        <source>True probability</source>
        <translation>Wahre Wahrscheinlichkeit</translation>
    </message>
    <message>
        <source>Tune forecaster</source>
        <translation>Prognosemodell abstimmen</translation>
    </message>
    <message>
        <source>Tune model</source>
        <translation>Modell abstimmen</translation>
    </message>
    <message>
        <source>Turns a probability raster into susceptibility classes, 1 (very low) to 5 (very high), with their area and share.</source>
        <translation>Wandelt ein Wahrscheinlichkeitsraster in Suszeptibilitätsklassen von 1 (sehr niedrig) bis 5 (sehr hoch) um, mit Fläche und Anteil.</translation>
    </message>
    <message>
        <source>Uncertainty report</source>
        <translation>Unsicherheitsbericht</translation>
    </message>
    <message>
        <source>Unique values</source>
        <translation>Eindeutige Werte</translation>
    </message>
    <message>
        <source>Unit of the table</source>
        <translation>Einheit der Tabelle</translation>
    </message>
    <message>
        <source>Units of every residual block.</source>
        <translation>Einheiten jedes Residualblocks.</translation>
    </message>
    <message>
        <source>Units of the LSTM layer.</source>
        <translation>Einheiten der LSTM-Schicht.</translation>
    </message>
    <message>
        <source>Units of the dense layer.</source>
        <translation>Einheiten der Dense-Schicht.</translation>
    </message>
    <message>
        <source>Units of the first dense layer.</source>
        <translation>Einheiten der ersten Dense-Schicht.</translation>
    </message>
    <message>
        <source>Units of the second dense layer.</source>
        <translation>Einheiten der zweiten Dense-Schicht.</translation>
    </message>
    <message>
        <source>Upper end of the interval</source>
        <translation>Obere Grenze des Intervalls</translation>
    </message>
    <message>
        <source>Validate models</source>
        <translation>Modelle validieren</translation>
    </message>
    <message>
        <source>Validation</source>
        <translation>Validierung</translation>
    </message>
    <message>
        <source>Validation report</source>
        <translation>Validierungsbericht</translation>
    </message>
    <message>
        <source>Value of the best trial</source>
        <translation>Wert des besten Versuchs</translation>
    </message>
    <message>
        <source>Values of all settings that are left empty. The defaults fill the gaps of Appendix B; its own learning rate of 0.05 for the CNN-LSTM may fail to learn.</source>
        <translation>Werte aller leer gelassenen Einstellungen. Die Vorgaben füllen die Lücken von Anhang B; dessen eigene Lernrate von 0.05 für das CNN-LSTM kann dazu führen, dass das Netz nichts lernt.</translation>
    </message>
    <message>
        <source>Values of what is left out</source>
        <translation>Werte leer gelassener Parameter</translation>
    </message>
    <message>
        <source>Variant</source>
        <translation>Variante</translation>
    </message>
    <message>
        <source>Velocity field</source>
        <translation>Geschwindigkeitsfeld</translation>
    </message>
    <message>
        <source>Velocity of stable points (mm/yr)</source>
        <translation>Geschwindigkeit stabiler Punkte (mm/yr)</translation>
    </message>
    <message>
        <source>Velocity of subsidence (mm/yr)</source>
        <translation>Senkungsgeschwindigkeit (mm/yr)</translation>
    </message>
    <message>
        <source>Vertical (U)</source>
        <translation>Vertikal (U)</translation>
    </message>
    <message>
        <source>Vertical points</source>
        <translation>Vertikale Punkte</translation>
    </message>
    <message>
        <source>Weight decay</source>
        <translation>Gewichtszerfall (Weight Decay)</translation>
    </message>
    <message>
        <source>Weight of every tree of the gradient boosting; smaller needs more iterations.</source>
        <translation>Gewicht jedes Baums des Gradient Boostings; kleinere Werte brauchen mehr Iterationen.</translation>
    </message>
    <message>
        <source>Weights of the factors</source>
        <translation>Gewichte der Faktoren</translation>
    </message>
    <message>
        <source>What is trained in every fold, with its default settings. Not used where MODEL is given.</source>
        <translation>Was in jeder Teilmenge mit seinen Standardeinstellungen trainiert wird. Ohne Wirkung, wenn MODEL angegeben ist.</translation>
    </message>
    <message>
        <source>What is tuned; each model type brings its own search space.</source>
        <translation>Was abgestimmt wird; jeder Modelltyp bringt seinen eigenen Suchraum mit.</translation>
    </message>
    <message>
        <source>When to use it</source>
        <translation>Wann verwenden</translation>
    </message>
    <message>
        <source>Where the line is typed</source>
        <translation>Wo die Zeile eingegeben wird</translation>
    </message>
    <message>
        <source>Where the trials are kept</source>
        <translation>Wo die Versuche abgelegt werden</translation>
    </message>
    <message>
        <source>Where the trials are kept, so that an interrupted search goes on where it stopped when it is run again. Empty: a file beside the model, with the suffix .study, which stays; delete it to begin anew. A path names another such file (or an SQLite file, with the suffix .db). A database URL such as postgresql://user@host:5432/name lets several QGIS sessions, qgis_process calls and workers on several computers share one study. Type no password here, QGIS keeps what is typed: use AUTHENTICATION, or the name of an environment variable as in postgresql://user:${MY_VARIABLE}@host/name.</source>
        <translation>Wo die Versuche abgelegt werden, damit eine unterbrochene Suche bei erneutem Ausführen dort weitermacht, wo sie angehalten hat. Leer: eine Datei neben dem Modell mit der Endung .study, die erhalten bleibt; zum Neubeginn löschen. Ein Pfad nennt eine andere solche Datei (oder eine SQLite-Datei mit der Endung .db). Über eine Datenbank-URL wie postgresql://user@host:5432/name können sich mehrere QGIS-Sitzungen, qgis_process-Aufrufe und Arbeitsprozesse auf mehreren Rechnern eine Studie teilen. Hier kein Passwort eingeben, QGIS speichert die Eingabe: AUTHENTICATION verwenden oder den Namen einer Umgebungsvariablen wie in postgresql://user:${MY_VARIABLE}@host/name.</translation>
    </message>
    <message>
        <source>Width (cells)</source>
        <translation>Breite (Zellen)</translation>
    </message>
    <message>
        <source>Window (dates)</source>
        <translation>Fenster (Termine)</translation>
    </message>
    <message>
        <source>With STEP: nothing is put between two values of a point that are more days apart.</source>
        <translation>Mit STEP: zwischen zwei Werte eines Punktes, die mehr Tage auseinanderliegen, wird nichts eingefügt.</translation>
    </message>
    <message>
        <source>Worker processes</source>
        <translation>Arbeitsprozesse</translation>
    </message>
    <message>
        <source>X column</source>
        <translation>X-Spalte</translation>
    </message>
    <message>
        <source>Y column</source>
        <translation>Y-Spalte</translation>
    </message>
    <message>
        <source>Z factor</source>
        <translation>Z-Faktor</translation>
    </message>
    <message>
        <source>Zero</source>
        <translation>Null</translation>
    </message>
    <message>
        <source>bfloat16</source>
        <translation>bfloat16</translation>
    </message>
    <message>
        <source>bfloat16 computes networks about twice as fast where the processor has it in hardware, with probabilities that differ by some 0.01; elsewhere float32 is used.</source>
        <translation>bfloat16 berechnet Netze etwa doppelt so schnell, wenn der Prozessor es in Hardware beherrscht, mit Wahrscheinlichkeiten, die um etwa 0.01 abweichen; sonst wird float32 verwendet.</translation>
    </message>
    <message>
        <source>cm</source>
        <translation>cm</translation>
    </message>
    <message>
        <source>float32</source>
        <translation>float32</translation>
    </message>
    <message>
        <source>from {low} to {high}</source>
        <translation>von {low} bis {high}</translation>
    </message>
    <message>
        <source>k-means on coordinates</source>
        <translation>k-Means auf Koordinaten</translation>
    </message>
    <message>
        <source>m</source>
        <translation>m</translation>
    </message>
    <message>
        <source>mm</source>
        <translation>mm</translation>
    </message>
    <message>
        <source>optional</source>
        <translation>optional</translation>
    </message>
    <message>
        <source>{meaning} Empty: the preset&apos;s (default {default}). &apos;Tune model&apos; searches {low} to {high}.</source>
        <translation>{meaning} Leer: Wert der Voreinstellung (Vorgabe {default}). &apos;Modell abstimmen&apos; sucht {low} bis {high}.</translation>
    </message>
    <message>
        <source>{meaning} Empty: {default}.</source>
        <translation>{meaning} Leer: {default}.</translation>
    </message>
    <message>
        <source>{name} is {value}; it must be {range}.</source>
        <translation>{name} ist {value}; zulässig ist: {range}.</translation>
    </message>
    <message>
        <source>{number} or less</source>
        <translation>{number} oder weniger</translation>
    </message>
    <message>
        <source>{number} or more</source>
        <translation>{number} oder mehr</translation>
    </message>
    <message>
        <source>{summary}</source>
        <translation>{summary}</translation>
    </message>
    <message>
        <source>&apos;Last map&apos; reads and decodes the surroundings of each cell, trains on crops and works on any grid. &apos;Paper&apos; pools every map to one vector: it takes at most 16,384 cells or points, and with CNN and ResNet it forecasts only the grid that it was trained on.</source>
        <translation>&apos;Letzte Karte&apos; liest und dekodiert die Umgebung jeder Zelle, trainiert auf Ausschnitten und funktioniert auf jedem Gitter. &apos;Artikel&apos; verdichtet jede Karte zu einem Vektor: höchstens 16384 Zellen oder Punkte sind möglich, und mit CNN und ResNet wird nur das Gitter prognostiziert, auf dem trainiert wurde.</translation>
    </message>
    <message>
        <source>, class {label}</source>
        <translation>, Klasse {label}</translation>
    </message>
    <message>
        <source>, forecast {value} {unit} on {date}</source>
        <translation>, Prognose {value} {unit} am {date}</translation>
    </message>
    <message>
        <source>, spread of the members {spread}</source>
        <translation>, Streuung der Mitglieder {spread}</translation>
    </message>
    <message>
        <source>3 passes</source>
        <translation>3 Durchläufe</translation>
    </message>
    <message>
        <source>30 epochs, or 2 folds</source>
        <translation>30 Epochen oder 2 Teilmengen</translation>
    </message>
    <message>
        <source>&lt;b&gt;Curvature&lt;/b&gt; (1/100 m) is the general curvature with the sign of ArcGIS, −100 × (∂²z/∂x² + ∂²z/∂y²): ridges are positive, valleys negative, planes zero.</source>
        <translation>&lt;b&gt;Krümmung&lt;/b&gt; (1/100 m) ist die allgemeine Krümmung mit dem Vorzeichen von ArcGIS, −100 × (∂²z/∂x² + ∂²z/∂y²): Rücken sind positiv, Täler negativ, Ebenen null.</translation>
    </message>
    <message>
        <source>&lt;b&gt;Data:&lt;/b&gt; a date without a value takes the last value before it and is no target. Cells that lack more than a quarter of the dates are left out. Dates at which nothing was measured (&lt;code&gt;SUBSIDENCE_GAP=yes&lt;/code&gt;) are neither targets nor origins of forecasts. The days between the dates are an input, so irregular series work.</source>
        <translation>&lt;b&gt;Daten:&lt;/b&gt; ein Termin ohne Wert übernimmt den letzten Wert davor und ist kein Ziel. Zellen, denen mehr als ein Viertel der Termine fehlt, werden ausgelassen. Termine, an denen nichts gemessen wurde (&lt;code&gt;SUBSIDENCE_GAP=yes&lt;/code&gt;), sind weder Ziele noch Ausgangspunkte von Prognosen. Die Tage zwischen den Terminen sind eine Eingabe, sodass auch unregelmäßige Zeitreihen möglich sind.</translation>
    </message>
    <message>
        <source>&lt;b&gt;Dates:&lt;/b&gt; the first future date lies gap + 1 typical steps (the median of the stack) after the last date. With a past date of origin the forecast is made as if nothing after it were known, and its dates are those of the stack. The log warns where the forecaster was trained or calibrated on these dates, and where the origin lies in a gap.</source>
        <translation>&lt;b&gt;Termine:&lt;/b&gt; der erste künftige Termin liegt Lücke + 1 typische Schritte (der Median des Stapels) nach dem letzten Termin. Mit einem vergangenen Ausgangstermin wird so prognostiziert, als wäre nichts danach bekannt, und die Termine sind die des Stapels. Das Protokoll warnt, wenn das Prognosemodell auf diesen Terminen trainiert oder kalibriert wurde und wenn der Ausgangstermin in einer Lücke liegt.</translation>
    </message>
    <message>
        <source>&lt;b&gt;Error:&lt;/b&gt; points are predicted from the others. The log and the report tell the error beside that of the nearest point alone and that of the mean of all points. It holds where a cell is about as close to points as they are to each other; cells farther away are worse.</source>
        <translation>&lt;b&gt;Fehler:&lt;/b&gt; Punkte werden aus den übrigen vorhergesagt. Protokoll und Bericht nennen den Fehler neben dem des nächsten Punktes allein und dem des Mittels aller Punkte. Er gilt, wo eine Zelle etwa so nah an Punkten liegt wie diese aneinander; weiter entfernte Zellen sind schlechter.</translation>
    </message>
    <message>
        <source>&lt;b&gt;Frequency ratio&lt;/b&gt;: continuous factors are cut into quantile classes of the training rows. The ratio of a class is its share of the subsidence rows divided by its share of all training rows. A logistic regression turns the mean of a row&apos;s ratios into a probability. The Hanoi paper uses frequency ratios to check its map, not as a model.</source>
        <translation>&lt;b&gt;Häufigkeitsverhältnis&lt;/b&gt;: kontinuierliche Faktoren werden in Quantilklassen der Trainingszeilen zerlegt. Das Verhältnis einer Klasse ist ihr Anteil an den Senkungszeilen geteilt durch ihren Anteil an allen Trainingszeilen. Eine logistische Regression macht aus dem Mittel der Verhältnisse einer Zeile eine Wahrscheinlichkeit. Der Hanoi-Artikel prüft mit Häufigkeitsverhältnissen seine Karte und verwendet sie nicht als Modell.</translation>
    </message>
    <message>
        <source>&lt;b&gt;Grid&lt;/b&gt;: that of the reference raster, or CRS, cell size and extent as given. What is not given comes from the first raster; the extent is then the part that all rasters have in common, in whole cells.</source>
        <translation>&lt;b&gt;Gitter&lt;/b&gt;: das des Referenzrasters oder KBS, Zellgröße und Ausdehnung wie angegeben. Was nicht angegeben ist, stammt vom ersten Raster; die Ausdehnung ist dann der allen Rastern gemeinsame Teil in ganzen Zellen.</translation>
    </message>
    <message>
        <source>&lt;b&gt;Intervals:&lt;/b&gt; errors on the validation dates calibrate the prediction intervals of &lt;i&gt;Forecast deformation&lt;/i&gt; (split conformal prediction). The report tells how many test values lie inside.</source>
        <translation>&lt;b&gt;Intervalle:&lt;/b&gt; Fehler an den Validierungsterminen kalibrieren die Prognoseintervalle von &lt;i&gt;Deformation prognostizieren&lt;/i&gt; (Split Conformal Prediction). Der Bericht nennt, wie viele Testwerte darin liegen.</translation>
    </message>
    <message>
        <source>&lt;b&gt;Is it any good?&lt;/b&gt; The same values are forecast by simple forecasts: persistence, the mean of the last dates, lines with and without an annual wave, a line through the window, and a pooled ridge regression on differences. Skill is 1 − RMSE / RMSE of the best of them. Report and log begin with it, also where it is negative. On many series simple regressions are hard to beat.</source>
        <translation>&lt;b&gt;Taugt es etwas?&lt;/b&gt; Dieselben Werte werden mit einfachen Prognosen vorhergesagt: Persistenz, Mittel der letzten Termine, Geraden mit und ohne Jahreswelle, eine Gerade durch das Fenster und eine gepoolte Ridge-Regression auf Differenzen. Die Güte (Skill) ist 1 − RMSE / RMSE der besten davon. Bericht und Protokoll beginnen damit, auch wenn sie negativ ist. Bei vielen Zeitreihen sind einfache Regressionen schwer zu schlagen.</translation>
    </message>
    <message>
        <source>&lt;b&gt;Limits of classes&lt;/b&gt;: class i holds the values above break i − 1 up to and including break i; the lowest class includes the minimum. Where rules are applied to another raster, values beyond their range go to the end classes and are counted in the log. Unique values that the rules do not list become nodata.</source>
        <translation>&lt;b&gt;Klassengrenzen&lt;/b&gt;: Klasse i enthält die Werte über Grenze i − 1 bis einschließlich Grenze i; die unterste Klasse schließt das Minimum ein. Werden Regeln auf ein anderes Raster angewendet, fallen Werte außerhalb ihres Bereichs in die Randklassen und werden im Protokoll gezählt. Eindeutige Werte, die die Regeln nicht aufführen, werden NoData.</translation>
    </message>
    <message>
        <source>&lt;b&gt;Maps:&lt;/b&gt; a signed residual is predicted minus observed. Red is too high (too little subsidence), blue too low. Hotspots are cells whose neighbourhood has larger errors than chance would give it (Getis–Ord Gi* with the correction of Benjamini and Hochberg).</source>
        <translation>&lt;b&gt;Karten:&lt;/b&gt; ein Residuum mit Vorzeichen ist vorhergesagt minus beobachtet. Rot ist zu hoch (zu wenig Senkung), Blau zu niedrig. Hotspots sind Zellen, deren Nachbarschaft größere Fehler hat, als der Zufall erwarten ließe (Getis–Ord Gi* mit der Korrektur nach Benjamini und Hochberg).</translation>
    </message>
    <message>
        <source>&lt;b&gt;Matching:&lt;/b&gt; all rasters need the same grid. Bands are matched by their dates. Dates that only one side has are left out, and so are observed bands in gaps without acquisition. A single band without a date is compared with the last observed band, or with that of DATE. Several forecasts are compared at the dates and cells that all of them have.</source>
        <translation>&lt;b&gt;Zuordnung:&lt;/b&gt; alle Raster brauchen dasselbe Gitter. Kanäle werden über ihre Termine zugeordnet. Termine, die nur eine Seite hat, werden ausgelassen, ebenso beobachtete Kanäle in Lücken ohne Aufnahme. Ein einzelner Kanal ohne Termin wird mit dem letzten beobachteten oder dem von DATE verglichen. Mehrere Prognosen werden an den Terminen und Zellen verglichen, die alle haben.</translation>
    </message>
    <message>
        <source>&lt;b&gt;Memory&lt;/b&gt;: the TWI holds the whole DEM, 17 bytes a cell (0.3 GB for 4000 × 4000 cells, 1.7 GB for 10,000 × 10,000), and needs the Python package numba. The other factors are computed tile by tile and need neither.</source>
        <translation>&lt;b&gt;Speicher&lt;/b&gt;: der TWI hält das gesamte DHM, 17 Byte je Zelle (0.3 GB bei 4000 × 4000 Zellen, 1.7 GB bei 10000 × 10000), und benötigt das Python-Paket numba. Die übrigen Faktoren werden kachelweise berechnet und brauchen keines von beiden.</translation>
    </message>
    <message>
        <source>&lt;b&gt;Names&lt;/b&gt;: a factor is called as its band&apos;s description, else as the layer, else as the file. Names must differ in more than upper and lower case. Names that vector formats reserve, such as &lt;i&gt;fid&lt;/i&gt; and &lt;i&gt;geom&lt;/i&gt;, are refused.</source>
        <translation>&lt;b&gt;Namen&lt;/b&gt;: ein Faktor heißt wie die Beschreibung seines Kanals, sonst wie der Layer, sonst wie die Datei. Namen müssen sich in mehr als Groß- und Kleinschreibung unterscheiden. Von Vektorformaten reservierte Namen wie &lt;i&gt;fid&lt;/i&gt; und &lt;i&gt;geom&lt;/i&gt; werden abgelehnt.</translation>
    </message>
    <message>
        <source>&lt;b&gt;Natural breaks (Jenks)&lt;/b&gt; are the classes of least variance within, found on all cells: up to 10,000 values by the package jenkspy, above by exact dynamic programming on up to 65,536 bins, refined on the values.</source>
        <translation>&lt;b&gt;Natürliche Unterbrechungen (Jenks)&lt;/b&gt; sind die Klassen mit der geringsten inneren Varianz, bestimmt aus allen Zellen: bis 10000 Werte mit dem Paket jenkspy, darüber mit exakter dynamischer Programmierung auf bis zu 65536 Intervallen, an den Werten verfeinert.</translation>
    </message>
    <message>
        <source>&lt;b&gt;Plugins ▸ Land subsidence ▸ Inspect panel&lt;/b&gt;: click on the map to see what the layers say of that place. {project} makes a project with a print layout of the results.</source>
        <translation>&lt;b&gt;Erweiterungen ▸ Land subsidence ▸ Abfragebedienfeld&lt;/b&gt;: auf die Karte klicken, um zu sehen, was die Layer über den Ort aussagen. {project} erstellt ein Projekt mit einem Drucklayout der Ergebnisse.</translation>
    </message>
    <message>
        <source>&lt;b&gt;Points:&lt;/b&gt; a point takes the forecast of the cells around it (bilinear) plus its mean difference from the surface over the window. Fields from the origin back are those of the InSAR points, later ones are the forecast, so viewers of InSAR series draw both as one curve; the layer metadata &lt;code&gt;FORECAST_FIELDS&lt;/code&gt; list the forecast. A GCN trained on points forecasts the points themselves, and the rasters are gridded from them as the stack was.</source>
        <translation>&lt;b&gt;Punkte:&lt;/b&gt; ein Punkt übernimmt die Prognose der umliegenden Zellen (bilinear) zuzüglich seiner mittleren Abweichung von der Oberfläche im Fenster. Felder bis zum Ausgangstermin sind die der InSAR-Punkte, spätere sind die Prognose, sodass Betrachter für InSAR-Zeitreihen beide als eine Kurve zeichnen; die Layermetadaten &lt;code&gt;FORECAST_FIELDS&lt;/code&gt; führen die Prognose auf. Ein auf Punkten trainiertes GCN prognostiziert die Punkte selbst, und die Raster werden daraus wie der Stapel gerastert.</translation>
    </message>
    <message>
        <source>&lt;b&gt;Points:&lt;/b&gt; the gridded surface has another level than a point in it. Where the stack has a date before the forecast, the change since then is compared on both sides, so that this offset drops out.</source>
        <translation>&lt;b&gt;Punkte:&lt;/b&gt; die gerasterte Oberfläche hat ein anderes Niveau als ein Punkt darin. Enthält der Stapel einen Termin vor der Prognose, wird auf beiden Seiten die Änderung seither verglichen, sodass dieser Versatz entfällt.</translation>
    </message>
    <message>
        <source>&lt;b&gt;Polygons&lt;/b&gt; give a cell the value at its centre. Texts get the codes 1, 2, … in alphabetical order; the legend is kept in the band&apos;s metadata (item &lt;i&gt;legend&lt;/i&gt;) and in the legend table.</source>
        <translation>&lt;b&gt;Polygone&lt;/b&gt; geben einer Zelle den Wert an ihrem Mittelpunkt. Texte erhalten die Codes 1, 2, … in alphabetischer Reihenfolge; die Legende steht in den Metadaten des Kanals (Eintrag &lt;i&gt;legend&lt;/i&gt;) und in der Legendentabelle.</translation>
    </message>
    <message>
        <source>&lt;b&gt;Quantile&lt;/b&gt; makes classes of equal numbers of cells, &lt;b&gt;equal interval&lt;/b&gt; classes of equal width. &lt;b&gt;Standard deviation&lt;/b&gt; makes classes one deviation wide, centred on the mean. Quantile and standard deviation give fewer classes where breaks coincide or lie outside the values.</source>
        <translation>&lt;b&gt;Quantile&lt;/b&gt; bilden Klassen mit gleich vielen Zellen, &lt;b&gt;Gleiches Intervall&lt;/b&gt; Klassen gleicher Breite. &lt;b&gt;Standardabweichung&lt;/b&gt; bildet Klassen von einer Abweichung Breite, zentriert auf das Mittel. Quantile und Standardabweichung ergeben weniger Klassen, wenn Grenzen zusammenfallen oder außerhalb der Werte liegen.</translation>
    </message>
    <message>
        <source>&lt;b&gt;Report:&lt;/b&gt; bias, MAE, RMSE, R², skill against persistence, standard deviation, skewness, excess kurtosis, the Jarque–Bera test, the Q–Q plot with the normal line, an ordinary and a robust (Theil–Sen) line, quantiles from 1 to 99 %, Moran&apos;s I and the area of the hotspots.</source>
        <translation>&lt;b&gt;Bericht:&lt;/b&gt; Bias, MAE, RMSE, R², Güte gegenüber der Persistenz, Standardabweichung, Schiefe, Exzess, der Jarque-Bera-Test, das Q–Q-Diagramm mit der Normalgeraden, eine gewöhnliche und eine robuste (Theil–Sen) Gerade, Quantile von 1 bis 99 %, Morans I und die Fläche der Hotspots.</translation>
    </message>
    <message>
        <source>&lt;b&gt;Resampling&lt;/b&gt;: categorical factors take the nearest cell. Continuous factors are averaged where the new cells are at least twice as wide as the old ones, and interpolated bilinearly otherwise. A raster that has the grid already is copied as it is. Nodata becomes NaN.</source>
        <translation>&lt;b&gt;Resampling&lt;/b&gt;: kategoriale Faktoren übernehmen die nächste Zelle. Kontinuierliche Faktoren werden gemittelt, wenn die neuen Zellen mindestens doppelt so breit sind wie die alten, und sonst bilinear interpoliert. Ein Raster, das bereits das Gitter hat, wird unverändert kopiert. NoData wird zu NaN.</translation>
    </message>
    <message>
        <source>&lt;b&gt;Rules&lt;/b&gt; are JSON by factor name: &lt;code&gt;&amp;#123;&quot;slope&quot;: &amp;#123;&quot;method&quot;: &quot;manual&quot;, &quot;breaks&quot;: [5, 15]&amp;#125;, &quot;rain&quot;: &amp;#123;&quot;method&quot;: &quot;quantile&quot;, &quot;classes&quot;: 4&amp;#125;, &quot;curvature&quot;: &quot;stdev&quot;&amp;#125;&lt;/code&gt;. The method is one of jenks, quantile, equal, stdev, manual, aspect and unique; labels may be given too. Rules with breaks or values are applied as they are.</source>
        <translation>&lt;b&gt;Regeln&lt;/b&gt; sind JSON nach Faktornamen: &lt;code&gt;&amp;#123;&quot;slope&quot;: &amp;#123;&quot;method&quot;: &quot;manual&quot;, &quot;breaks&quot;: [5, 15]&amp;#125;, &quot;rain&quot;: &amp;#123;&quot;method&quot;: &quot;quantile&quot;, &quot;classes&quot;: 4&amp;#125;, &quot;curvature&quot;: &quot;stdev&quot;&amp;#125;&lt;/code&gt;. Die Methode ist jenks, quantile, equal, stdev, manual, aspect oder unique; auch Beschriftungen (labels) sind möglich. Regeln mit Grenzen oder Werten werden unverändert angewendet.</translation>
    </message>
    <message>
        <source>&lt;b&gt;Significance&lt;/b&gt; assumes independent rows, but neighbouring places are alike. With thousands of rows nearly every pair gets three stars: judge by the size of the coefficient. The default threshold of 0.7 follows Dormann et al. (2013).</source>
        <translation>&lt;b&gt;Signifikanz&lt;/b&gt; setzt unabhängige Zeilen voraus, benachbarte Orte sind sich aber ähnlich. Bei Tausenden von Zeilen erhält fast jedes Paar drei Sterne: nach der Größe des Koeffizienten urteilen. Der voreingestellte Schwellenwert von 0.7 folgt Dormann et al. (2013).</translation>
    </message>
    <message>
        <source>&lt;b&gt;Slope&lt;/b&gt; (degrees) and &lt;b&gt;aspect&lt;/b&gt; (degrees clockwise from north; flat cells are −1 and stay valid) follow Horn (1981), as in gdaldem and ArcGIS. A neighbour that is missing at the edge or beside nodata is extrapolated along a straight line, so that no cell with elevation is lost.</source>
        <translation>&lt;b&gt;Neigung&lt;/b&gt; (Grad) und &lt;b&gt;Exposition&lt;/b&gt; (Grad im Uhrzeigersinn ab Nord; ebene Zellen sind −1 und bleiben gültig) folgen Horn (1981), wie in gdaldem und ArcGIS. Ein Nachbar, der am Rand oder neben NoData fehlt, wird linear extrapoliert, sodass keine Zelle mit Höhe verloren geht.</translation>
    </message>
    <message>
        <source>&lt;b&gt;Split in time:&lt;/b&gt; with the default shares the first 80 % of the dates train, the next 10 % validate and the last 10 % test. Mean and standard deviation of the training dates scale the data. The variant &lt;i&gt;Last map&lt;/i&gt; starts from a pooled linear regression. The pass with the lowest validation loss is kept, which may be this start itself.</source>
        <translation>&lt;b&gt;Zeitliche Aufteilung:&lt;/b&gt; mit den vorgegebenen Anteilen trainieren die ersten 80 % der Termine, die nächsten 10 % validieren und die letzten 10 % testen. Mittelwert und Standardabweichung der Trainingstermine skalieren die Daten. Die Variante &lt;i&gt;Letzte Karte&lt;/i&gt; beginnt mit einer gepoolten linearen Regression. Behalten wird der Durchlauf mit dem geringsten Validierungsverlust, was auch dieser Anfang selbst sein kann.</translation>
    </message>
    <message>
        <source>&lt;b&gt;TWI&lt;/b&gt; is ln(a / tan slope), where a is the specific catchment area (m²/m). Depressions are filled by priority flood (Barnes et al. 2014). Water spreads to all lower neighbours (multiple flow direction, Freeman 1991), crosses flats towards their nearest way out, and leaves at the edge of the DEM and into nodata.</source>
        <translation>&lt;b&gt;TWI&lt;/b&gt; ist ln(a / tan Neigung), mit a als spezifischem Einzugsgebiet (m²/m). Senken werden per Priority-Flood gefüllt (Barnes et al. 2014). Wasser verteilt sich auf alle tieferen Nachbarn (Mehrfachabfluss, Freeman 1991), quert ebene Bereiche zum nächsten Auslass und verlässt das DHM am Rand und in NoData.</translation>
    </message>
    <message>
        <source>&lt;b&gt;Time:&lt;/b&gt; without STEP the bands are the dates of the layer, however irregular. With STEP they are equally spaced from the first date on, and values between two acquisitions are interpolated linearly at each point.</source>
        <translation>&lt;b&gt;Zeit:&lt;/b&gt; ohne STEP sind die Kanäle die Termine des Layers, wie unregelmäßig sie auch sind. Mit STEP folgen sie ab dem ersten Termin in gleichem Abstand, und Werte zwischen zwei Aufnahmen werden an jedem Punkt linear interpoliert.</translation>
    </message>
    <message>
        <source>&lt;b&gt;Uncertainty:&lt;/b&gt; the spread tells how far the members disagree. LOWER and UPPER bound a prediction interval: in training, the errors on the validation dates were divided by the noise of their series; a quantile of this ratio, times the noise of a cell&apos;s own series, is half the width at each step.</source>
        <translation>&lt;b&gt;Unsicherheit:&lt;/b&gt; die Streuung zeigt, wie weit die Mitglieder auseinanderliegen. LOWER und UPPER begrenzen ein Prognoseintervall: im Training wurden die Fehler an den Validierungsterminen durch das Rauschen ihrer Zeitreihe geteilt; ein Quantil dieses Verhältnisses, multipliziert mit dem Rauschen der Zeitreihe einer Zelle, ist die halbe Breite bei jedem Schritt.</translation>
    </message>
    <message>
        <source>&lt;b&gt;VIF&lt;/b&gt; above 5 is often called high. Above 10, which is a tolerance below 0.1, the factor repeats the others. The VIF is empty where a factor is an exact combination of others.</source>
        <translation>&lt;b&gt;VIF&lt;/b&gt; über 5 gilt oft als hoch. Über 10, also bei einer Toleranz unter 0.1, wiederholt der Faktor die übrigen. Der VIF ist leer, wenn ein Faktor eine exakte Kombination anderer ist.</translation>
    </message>
    <message>
        <source>&lt;b&gt;Values:&lt;/b&gt; a cell takes the nearest points around its centre, weighted by inverse distance as GDAL&apos;s &lt;code&gt;invdistnn&lt;/code&gt; does. A point exactly on a centre gives its own value. A point that has no value at a date leaves its weight to the others.</source>
        <translation>&lt;b&gt;Werte:&lt;/b&gt; eine Zelle verwendet die nächsten Punkte um ihren Mittelpunkt, gewichtet nach inverser Distanz wie &lt;code&gt;invdistnn&lt;/code&gt; von GDAL. Ein Punkt genau auf dem Mittelpunkt gibt seinen eigenen Wert. Ein Punkt ohne Wert an einem Termin überlässt sein Gewicht den übrigen.</translation>
    </message>
    <message>
        <source>&lt;b&gt;Which method&lt;/b&gt;: the chosen one for continuous bands, unique values for categorical bands. A band called &lt;i&gt;aspect&lt;/i&gt; gets nine classes: flat (negative values), then the eight directions clockwise from north. Rules override each by the factor&apos;s name.</source>
        <translation>&lt;b&gt;Welche Methode&lt;/b&gt;: die gewählte für kontinuierliche Kanäle, eindeutige Werte für kategoriale Kanäle. Ein Kanal namens &lt;i&gt;aspect&lt;/i&gt; erhält neun Klassen: eben (negative Werte), dann die acht Richtungen im Uhrzeigersinn ab Nord. Regeln haben über den Namen des Faktors jeweils Vorrang.</translation>
    </message>
    <message>
        <source>&lt;ul&gt;&lt;li&gt;1: robust high (P and low spread); intervene first&lt;/li&gt;&lt;li&gt;2: unstable high (P and U); verify in the field before building&lt;/li&gt;&lt;li&gt;3: R and U; dense monitoring (GNSS, corner reflectors)&lt;/li&gt;&lt;li&gt;4: P and R; densify monitoring and verify&lt;/li&gt;&lt;li&gt;5: U or P without R; densify and recalibrate thresholds&lt;/li&gt;&lt;li&gt;6: R without U; model bias, check the data&lt;/li&gt;&lt;li&gt;7: none of these; routine inspection at low frequency&lt;/li&gt;&lt;/ul&gt;</source>
        <translation>&lt;ul&gt;&lt;li&gt;1: robust hoch (P und geringe Streuung); zuerst eingreifen&lt;/li&gt;&lt;li&gt;2: instabil hoch (P und U); vor dem Bauen im Gelände prüfen&lt;/li&gt;&lt;li&gt;3: R und U; dichte Überwachung (GNSS, Winkelreflektoren)&lt;/li&gt;&lt;li&gt;4: P und R; Überwachung verdichten und prüfen&lt;/li&gt;&lt;li&gt;5: U oder P ohne R; verdichten und Schwellenwerte rekalibrieren&lt;/li&gt;&lt;li&gt;6: R ohne U; Modellbias, Daten prüfen&lt;/li&gt;&lt;li&gt;7: nichts davon; Routinekontrolle in geringer Häufigkeit&lt;/li&gt;&lt;/ul&gt;</translation>
    </message>
    <message>
        <source>&lt;ul&gt;&lt;li&gt;NDVI = (NIR − Red) / (NIR + Red): vegetation (Rouse et al. 1974).&lt;/li&gt;&lt;li&gt;NDWI = (Green − NIR) / (Green + NIR): open water (McFeeters 1996).&lt;/li&gt;&lt;li&gt;NDBI = (SWIR1 − NIR) / (SWIR1 + NIR): built-up and bare land (Zha et al. 2003).&lt;/li&gt;&lt;li&gt;MNDWI = (Green − SWIR1) / (Green + SWIR1): water beside buildings (Xu 2006).&lt;/li&gt;&lt;li&gt;SAVI = 1.5 (NIR − Red) / (NIR + Red + 0.5): vegetation over bright soil (Huete 1988).&lt;/li&gt;&lt;/ul&gt;</source>
        <translation>&lt;ul&gt;&lt;li&gt;NDVI = (NIR − Red) / (NIR + Red): Vegetation (Rouse et al. 1974).&lt;/li&gt;&lt;li&gt;NDWI = (Green − NIR) / (Green + NIR): offenes Wasser (McFeeters 1996).&lt;/li&gt;&lt;li&gt;NDBI = (SWIR1 − NIR) / (SWIR1 + NIR): bebaute und vegetationslose Flächen (Zha et al. 2003).&lt;/li&gt;&lt;li&gt;MNDWI = (Green − SWIR1) / (Green + SWIR1): Wasser neben Gebäuden (Xu 2006).&lt;/li&gt;&lt;li&gt;SAVI = 1.5 (NIR − Red) / (NIR + Red + 0.5): Vegetation über hellem Boden (Huete 1988).&lt;/li&gt;&lt;/ul&gt;</translation>
    </message>
    <message>
        <source>A .safetensors file written by one of the training algorithms.</source>
        <translation>Eine von einem der Trainingsalgorithmen geschriebene .safetensors-Datei.</translation>
    </message>
    <message>
        <source>A DEM in whole metres makes a plain a staircase of flats, over which the TWI means little: smooth it first.</source>
        <translation>Ein DHM in ganzen Metern macht aus einer Ebene eine Treppe ebener Stufen, über der der TWI wenig aussagt: vorher glätten.</translation>
    </message>
    <message>
        <source>A JSON file, such as one saved by RULES_OUTPUT, or the JSON text itself. Empty: all factors follow the method above.</source>
        <translation>Eine JSON-Datei, etwa eine mit RULES_OUTPUT gespeicherte, oder der JSON-Text selbst. Leer: alle Faktoren folgen der obigen Methode.</translation>
    </message>
    <message>
        <source>A band without any acquisition within half a step to either side holds nothing that was measured. It is marked with &lt;code&gt;SUBSIDENCE_GAP=yes&lt;/code&gt; in its metadata and listed in &lt;code&gt;GAP_BANDS&lt;/code&gt;. In a gap longer than MAX_GAP such a band is empty.</source>
        <translation>Ein Kanal ohne Aufnahme innerhalb eines halben Schritts zu beiden Seiten enthält nichts Gemessenes. Er ist in seinen Metadaten mit &lt;code&gt;SUBSIDENCE_GAP=yes&lt;/code&gt; markiert und in &lt;code&gt;GAP_BANDS&lt;/code&gt; aufgeführt. In einer Lücke länger als MAX_GAP ist ein solcher Kanal leer.</translation>
    </message>
    <message>
        <source>A cell takes at most so many of the nearest points. More give smoother maps.</source>
        <translation>Eine Zelle verwendet höchstens so viele der nächsten Punkte. Mehr ergeben glattere Karten.</translation>
    </message>
    <message>
        <source>A cell without a point within reach is nodata. The log and the report tell how many cells with a value contain no point: there the stack is interpolated.</source>
        <translation>Eine Zelle ohne Punkt in Reichweite ist NoData. Protokoll und Bericht nennen, wie viele Zellen mit Wert keinen Punkt enthalten: dort ist der Stapel interpoliert.</translation>
    </message>
    <message>
        <source>A model of several members gives the mean of their probabilities; on request also their standard deviation and each member.</source>
        <translation>Ein Modell mit mehreren Mitgliedern liefert das Mittel ihrer Wahrscheinlichkeiten, auf Wunsch auch ihre Standardabweichung und jedes Mitglied.</translation>
    </message>
    <message>
        <source>A model recalibrated by &lt;i&gt;Validate models&lt;/i&gt; gives recalibrated probabilities, and the log says so. The mean is recalibrated as it stands; spread and members are recalibrated member by member.</source>
        <translation>Ein mit &lt;i&gt;Modelle validieren&lt;/i&gt; rekalibriertes Modell liefert rekalibrierte Wahrscheinlichkeiten, was im Protokoll steht. Das Mittel wird als solches rekalibriert; Streuung und Mitglieder werden Mitglied für Mitglied rekalibriert.</translation>
    </message>
    <message>
        <source>A model trained on classes takes a class stack made by the same rules, or the factor stack, to which it applies its own rules.</source>
        <translation>Ein auf Klassen trainiertes Modell verwendet einen mit denselben Regeln erzeugten Klassenstapel oder den Faktorenstapel, auf den es seine eigenen Regeln anwendet.</translation>
    </message>
    <message>
        <source>A pixel costs 2 × rows × (factors − 1) predictions, so the rasters take few of the background rows, evenly along their predictions. In a trial 10 rows gave the same dominant factor as 100 at about 95 % of the places; 20 cut the error by a third. Base and bands add up to the prediction with any number.</source>
        <translation>Ein Pixel kostet 2 × Zeilen × (Faktoren − 1) Vorhersagen, daher verwenden die Raster nur wenige der Hintergrundzeilen, gleichmäßig entlang ihrer Vorhersagen. In einem Versuch ergaben 10 Zeilen an etwa 95 % der Orte denselben dominanten Faktor wie 100; 20 verringerten den Fehler um ein Drittel. Basiswert und Kanäle summieren sich bei jeder Anzahl zur Vorhersage.</translation>
    </message>
    <message>
        <source>A pixel without a value in any factor, or with a category that the model has not seen, becomes nodata. Values outside the range of the training rows are set to its ends and counted in the log.</source>
        <translation>Ein Pixel, dem der Wert eines Faktors fehlt oder dessen Kategorie das Modell nicht kennt, wird NoData. Werte außerhalb des Bereichs der Trainingszeilen werden auf dessen Enden gesetzt und im Protokoll gezählt.</translation>
    </message>
    <message>
        <source>A place is not stable only because nothing was reported there. Points that are known to be stable, such as the stable points of &lt;i&gt;InSAR inventory&lt;/i&gt;, are the better choice: give them as candidates.</source>
        <translation>Ein Ort ist nicht schon deshalb stabil, weil dort nichts gemeldet wurde. Punkte, deren Stabilität bekannt ist, etwa die stabilen Punkte von &lt;i&gt;InSAR-Inventar&lt;/i&gt;, sind die bessere Wahl: als Kandidaten angeben.</translation>
    </message>
    <message>
        <source>A point on the map instead of SAMPLE. With FACTORS the cell there is explained, else the nearest sample. Empty: the sample of SAMPLE.</source>
        <translation>Ein Punkt auf der Karte anstelle von SAMPLE. Mit FACTORS wird die Zelle dort erklärt, sonst die nächste Stichprobe. Leer: die Stichprobe von SAMPLE.</translation>
    </message>
    <message>
        <source>A point subsides when its velocity reaches the threshold: where that is negative, at this velocity or below; where it is positive, at this velocity or above, for products in which subsidence is positive.</source>
        <translation>Ein Punkt gilt als sinkend, wenn seine Geschwindigkeit den Schwellenwert erreicht: ist dieser negativ, bei dieser Geschwindigkeit oder darunter; ist er positiv, bei dieser Geschwindigkeit oder darüber, für Produkte mit positiver Senkung.</translation>
    </message>
    <message>
        <source>A random split gives each part the same share of both labels. Neighbouring points are alike, so that a random split flatters a model. Square blocks and k-means clusters keep neighbours together and tell how well a model does in places that it has not seen.</source>
        <translation>Eine zufällige Aufteilung gibt jedem Teil denselben Anteil beider Labels. Benachbarte Punkte sind sich ähnlich, sodass eine zufällige Aufteilung einem Modell schmeichelt. Quadratische Blöcke und k-Means-Cluster halten Nachbarn zusammen und zeigen, wie gut ein Modell an unbekannten Orten ist.</translation>
    </message>
    <message>
        <source>A raster or vector layer, of which the log then says whether this very model made it: maps, forecasts and SHAP layers carry the id of their model. Empty compares nothing.</source>
        <translation>Ein Raster- oder Vektorlayer, zu dem das Protokoll dann angibt, ob genau dieses Modell ihn erzeugt hat: Karten, Prognosen und SHAP-Layer tragen die ID ihres Modells. Leer: kein Vergleich.</translation>
    </message>
    <message>
        <source>A ratio above 1 means more subsidence than on average. A good susceptibility map has ratios that rise with the class. The ratio is empty where a class has no area.</source>
        <translation>Ein Verhältnis über 1 bedeutet mehr Senkung als im Durchschnitt. Bei einer guten Suszeptibilitätskarte steigen die Verhältnisse mit der Klasse. Das Verhältnis ist leer, wenn eine Klasse keine Fläche hat.</translation>
    </message>
    <message>
        <source>A satellite on a polar orbit hardly sees motion northwards. That motion is taken as zero, as in EGMS L3, or as the velocity of GNSS; the log says what its neglect would add.</source>
        <translation>Ein Satellit auf polarer Umlaufbahn sieht Bewegung nach Norden kaum. Diese Bewegung wird wie bei EGMS L3 als null angenommen oder als GNSS-Geschwindigkeit; das Protokoll nennt, was ihre Vernachlässigung ausmachen würde.</translation>
    </message>
    <message>
        <source>A search that is cancelled loses only the running trials: run again with the same settings, it goes on where it stopped. Beside a file of trials, a folder with the suffix .networks keeps the best trained networks for a later run with more trials. With a database the best networks are trained again instead.</source>
        <translation>Eine abgebrochene Suche verliert nur die laufenden Versuche: mit denselben Einstellungen erneut ausgeführt, macht sie dort weiter, wo sie angehalten hat. Neben einer Versuchsdatei bewahrt ein Ordner mit der Endung .networks die besten trainierten Netze für einen späteren Lauf mit mehr Versuchen auf. Bei einer Datenbank werden die besten Netze stattdessen neu trainiert.</translation>
    </message>
    <message>
        <source>A share of the training rows is held out to find the best epoch. Validation and test rows decide nothing and are only reported. Loss and hold-out AUC are in the log while it trains; in the end it says how a logistic regression on the same rows does.</source>
        <translation>Ein Anteil der Trainingszeilen wird zurückgehalten, um die beste Epoche zu bestimmen. Validierungs- und Testzeilen entscheiden nichts und werden nur berichtet. Verlust und AUC der zurückgehaltenen Zeilen stehen während des Trainings im Protokoll; am Ende nennt es das Ergebnis einer logistischen Regression auf denselben Zeilen.</translation>
    </message>
    <message>
        <source>A trained or tuned model: its architecture, hyperparameters and training settings are cross-validated instead of MODEL_TYPE&apos;s defaults, with its factors. Empty: MODEL_TYPE with its defaults.</source>
        <translation>Ein trainiertes oder abgestimmtes Modell: seine Architektur, Hyperparameter und Trainingseinstellungen werden anstelle der Vorgaben von MODEL_TYPE kreuzvalidiert, mit seinen Faktoren. Leer: MODEL_TYPE mit seinen Vorgaben.</translation>
    </message>
    <message>
        <source>A trial ends after this many passes over the training windows at the latest. More take longer.</source>
        <translation>Ein Versuch endet spätestens nach so vielen Durchläufen über die Trainingsfenster. Mehr dauern länger.</translation>
    </message>
    <message>
        <source>A trial is one training. It is judged by the loss of its best pass on the validation dates: the mean over the steps of the mean square error, divided by that of the pooled linear regression from which the variant &lt;i&gt;Last map&lt;/i&gt; begins. The defaults and the simple forecasts are judged alike.</source>
        <translation>Ein Versuch ist ein Training. Er wird nach dem Verlust seines besten Durchlaufs an den Validierungsterminen beurteilt: dem über die Schritte gemittelten mittleren quadratischen Fehler, geteilt durch den der gepoolten linearen Regression, mit der die Variante &lt;i&gt;Letzte Karte&lt;/i&gt; beginnt. Die Vorgaben und die einfachen Prognosen werden ebenso beurteilt.</translation>
    </message>
    <message>
        <source>A trial trains one set of values and is judged by training rows that it was not fitted on. Validation and test rows decide nothing.</source>
        <translation>Ein Versuch trainiert einen Satz von Werten und wird an Trainingszeilen beurteilt, an die er nicht angepasst wurde. Validierungs- und Testzeilen entscheiden nichts.</translation>
    </message>
    <message>
        <source>AUC of the best model</source>
        <translation>AUC des besten Modells</translation>
    </message>
    <message>
        <source>Absence points are placed at random, every place being equally likely, inside a mask: the cells of a raster (best the factor stack itself) or polygons. They keep a distance from all subsidence and, if wanted, from each other.</source>
        <translation>Abwesenheitspunkte werden zufällig gesetzt, jeder Ort gleich wahrscheinlich, innerhalb einer Maske: den Zellen eines Rasters (am besten des Faktorenstapels selbst) oder Polygonen. Sie halten Abstand zu jeder Senkung und auf Wunsch zueinander.</translation>
    </message>
    <message>
        <source>Absence points lie inside these polygons; instead of a mask raster. Empty: none.</source>
        <translation>Abwesenheitspunkte liegen in diesen Polygonen; anstelle eines Maskenrasters. Leer: keine.</translation>
    </message>
    <message>
        <source>Absence points lie on cells with data in every band, at most one in a cell; in an 8-bit raster of one band 0 counts as outside. Best the factor stack or class stack. Without mask and candidates the bounding box of the inventory is taken.</source>
        <translation>Abwesenheitspunkte liegen auf Zellen mit Daten in jedem Kanal, höchstens einer je Zelle; in einem 8-Bit-Raster mit einem Kanal gilt 0 als außerhalb. Am besten der Faktoren- oder Klassenstapel. Ohne Maske und Kandidaten gilt das umschließende Rechteck des Inventars.</translation>
    </message>
    <message>
        <source>Absence points per subsidence point</source>
        <translation>Abwesenheitspunkte je Senkungspunkt</translation>
    </message>
    <message>
        <source>Add a probability raster of &apos;Predict susceptibility&apos; to the project to see what its prediction rests on.</source>
        <translation>Ein Wahrscheinlichkeitsraster von &apos;Suszeptibilität vorhersagen&apos; zum Projekt hinzufügen, um zu sehen, worauf die Vorhersage beruht.</translation>
    </message>
    <message>
        <source>Add the factor or class stack that the probability raster was made of.</source>
        <translation>Den Faktoren- oder Klassenstapel hinzufügen, aus dem das Wahrscheinlichkeitsraster erzeugt wurde.</translation>
    </message>
    <message>
        <source>Added to the scaled value: -0.2 for Landsat Collection 2 Level 2, -0.1 for Sentinel-2 from January 2022 (baseline 04.00) on, 0 for Sentinel-2 before.</source>
        <translation>Wird zum skalierten Wert addiert: -0.2 für Landsat Collection 2 Level 2, -0.1 für Sentinel-2 ab Januar 2022 (Baseline 04.00), 0 für Sentinel-2 davor.</translation>
    </message>
    <message>
        <source>Adds points without subsidence to an inventory of subsidence, because a model has to learn from both.</source>
        <translation>Ergänzt ein Senkungsinventar um Punkte ohne Senkung, denn ein Modell muss aus beiden lernen.</translation>
    </message>
    <message>
        <source>After &lt;i&gt;Absence points&lt;/i&gt;, with the stack of &lt;i&gt;Align factors&lt;/i&gt; or &lt;i&gt;Reclassify factors&lt;/i&gt;. Next: &lt;i&gt;Train DRDN&lt;/i&gt; and the other training algorithms, &lt;i&gt;Tune model&lt;/i&gt; or &lt;i&gt;Cross-validate&lt;/i&gt;.</source>
        <translation>Nach &lt;i&gt;Abwesenheitspunkte&lt;/i&gt;, mit dem Stapel von &lt;i&gt;Faktoren angleichen&lt;/i&gt; oder &lt;i&gt;Faktoren reklassifizieren&lt;/i&gt;. Danach: &lt;i&gt;DRDN trainieren&lt;/i&gt; und die übrigen Trainingsalgorithmen, &lt;i&gt;Modell abstimmen&lt;/i&gt; oder &lt;i&gt;Kreuzvalidierung&lt;/i&gt;.</translation>
    </message>
    <message>
        <source>After &lt;i&gt;Align factors&lt;/i&gt; and &lt;i&gt;InSAR inventory&lt;/i&gt; (or with an inventory of your own), for a first map, or as a pattern for a workflow of your own in the Graphical Modeler. To choose or check single settings, run the algorithms one by one. Next: &lt;i&gt;Cross-validate&lt;/i&gt; and &lt;i&gt;Area of applicability&lt;/i&gt;.</source>
        <translation>Nach &lt;i&gt;Faktoren angleichen&lt;/i&gt; und &lt;i&gt;InSAR-Inventar&lt;/i&gt; (oder mit eigenem Inventar), für eine erste Karte oder als Vorlage für einen eigenen Arbeitsablauf in der Grafischen Modellierung. Um einzelne Einstellungen zu wählen oder zu prüfen, die Algorithmen einzeln ausführen. Danach: &lt;i&gt;Kreuzvalidierung&lt;/i&gt; und &lt;i&gt;Anwendbarkeitsbereich&lt;/i&gt;.</translation>
    </message>
    <message>
        <source>After &lt;i&gt;Align factors&lt;/i&gt;, to train on classes as the Hanoi paper does (natural breaks of Jenks for all continuous factors). Next: &lt;i&gt;Extract samples&lt;/i&gt;, &lt;i&gt;Frequency ratio&lt;/i&gt; (a table of every factor) and &lt;i&gt;Predict susceptibility&lt;/i&gt;.</source>
        <translation>Nach &lt;i&gt;Faktoren angleichen&lt;/i&gt;, um wie der Hanoi-Artikel auf Klassen zu trainieren (natürliche Unterbrechungen nach Jenks für alle kontinuierlichen Faktoren). Danach: &lt;i&gt;Stichproben entnehmen&lt;/i&gt;, &lt;i&gt;Häufigkeitsverhältnis&lt;/i&gt; (eine Tabelle jedes Faktors) und &lt;i&gt;Suszeptibilität vorhersagen&lt;/i&gt;.</translation>
    </message>
    <message>
        <source>After &lt;i&gt;Classify susceptibility&lt;/i&gt;, to judge a map; or after &lt;i&gt;Reclassify factors&lt;/i&gt;, to see which classes of each factor hold the subsidence.</source>
        <translation>Nach &lt;i&gt;Suszeptibilität klassifizieren&lt;/i&gt;, um eine Karte zu beurteilen; oder nach &lt;i&gt;Faktoren reklassifizieren&lt;/i&gt;, um zu sehen, welche Klassen jedes Faktors die Senkung enthalten.</translation>
    </message>
    <message>
        <source>After &lt;i&gt;Ensemble uncertainty&lt;/i&gt; and &lt;i&gt;Residuals of forecasts&lt;/i&gt;, to decide where to measure, verify or intervene first. Next: &lt;i&gt;Map project with print layout&lt;/i&gt;.</source>
        <translation>Nach &lt;i&gt;Ensembleunsicherheit&lt;/i&gt; und &lt;i&gt;Residuen der Prognosen&lt;/i&gt;, um zu entscheiden, wo zuerst gemessen, geprüft oder eingegriffen wird. Danach: &lt;i&gt;Kartenprojekt mit Drucklayout&lt;/i&gt;.</translation>
    </message>
    <message>
        <source>After &lt;i&gt;Extract samples&lt;/i&gt;, before a map is trusted, or after &lt;i&gt;Tune model&lt;/i&gt;, to judge the tuned recipe. Next: &lt;i&gt;Compare repeated runs&lt;/i&gt; with the runs table, &lt;i&gt;Area of applicability&lt;/i&gt; with the fold map.</source>
        <translation>Nach &lt;i&gt;Stichproben entnehmen&lt;/i&gt;, bevor einer Karte vertraut wird, oder nach &lt;i&gt;Modell abstimmen&lt;/i&gt;, um das abgestimmte Rezept zu beurteilen. Danach: &lt;i&gt;Wiederholte Läufe vergleichen&lt;/i&gt; mit der Lauftabelle, &lt;i&gt;Anwendbarkeitsbereich&lt;/i&gt; mit der Karte der Teilmengen.</translation>
    </message>
    <message>
        <source>After &lt;i&gt;Extract samples&lt;/i&gt;, beside &lt;i&gt;Train baseline&lt;/i&gt;, which a network has to beat. Next: &lt;i&gt;Validate models&lt;/i&gt; and &lt;i&gt;Predict susceptibility&lt;/i&gt;. Where the result disappoints: &lt;i&gt;Tune model&lt;/i&gt;. How it does on unseen places: &lt;i&gt;Cross-validate&lt;/i&gt;.</source>
        <translation>Nach &lt;i&gt;Stichproben entnehmen&lt;/i&gt;, neben &lt;i&gt;Vergleichsmodell trainieren&lt;/i&gt;, das ein Netz schlagen muss. Danach: &lt;i&gt;Modelle validieren&lt;/i&gt; und &lt;i&gt;Suszeptibilität vorhersagen&lt;/i&gt;. Wenn das Ergebnis enttäuscht: &lt;i&gt;Modell abstimmen&lt;/i&gt;. Verhalten an unbekannten Orten: &lt;i&gt;Kreuzvalidierung&lt;/i&gt;.</translation>
    </message>
    <message>
        <source>After &lt;i&gt;Extract samples&lt;/i&gt;, beside every network: on few samples, or on places that it has not seen, the simple model is often the better one. Next: &lt;i&gt;Validate models&lt;/i&gt;, which compares them, &lt;i&gt;Cross-validate&lt;/i&gt; and &lt;i&gt;Predict susceptibility&lt;/i&gt;.</source>
        <translation>Nach &lt;i&gt;Stichproben entnehmen&lt;/i&gt;, neben jedem Netz: bei wenigen Stichproben oder an unbekannten Orten ist das einfache Modell oft das bessere. Danach: &lt;i&gt;Modelle validieren&lt;/i&gt;, das sie vergleicht, &lt;i&gt;Kreuzvalidierung&lt;/i&gt; und &lt;i&gt;Suszeptibilität vorhersagen&lt;/i&gt;.</translation>
    </message>
    <message>
        <source>After &lt;i&gt;Extract samples&lt;/i&gt;, where the defaults of &lt;i&gt;Train DRDN&lt;/i&gt; or another training algorithm disappoint, or where a comparison of models must not be one of their settings. Next: &lt;i&gt;Cross-validate&lt;/i&gt; with the tuned model file, &lt;i&gt;Validate models&lt;/i&gt;, &lt;i&gt;Predict susceptibility&lt;/i&gt;.</source>
        <translation>Nach &lt;i&gt;Stichproben entnehmen&lt;/i&gt;, wenn die Vorgaben von &lt;i&gt;DRDN trainieren&lt;/i&gt; oder einem anderen Trainingsalgorithmus enttäuschen oder wenn ein Modellvergleich kein Vergleich der Einstellungen sein soll. Danach: &lt;i&gt;Kreuzvalidierung&lt;/i&gt; mit der abgestimmten Modelldatei, &lt;i&gt;Modelle validieren&lt;/i&gt;, &lt;i&gt;Suszeptibilität vorhersagen&lt;/i&gt;.</translation>
    </message>
    <message>
        <source>After &lt;i&gt;Forecast deformation&lt;/i&gt; from a past date of origin, whose future dates have been observed since. Next: &lt;i&gt;Monitoring priority&lt;/i&gt;, which takes the absolute residuals.</source>
        <translation>Nach &lt;i&gt;Deformation prognostizieren&lt;/i&gt; ab einem vergangenen Ausgangstermin, dessen künftige Termine inzwischen beobachtet sind. Danach: &lt;i&gt;Überwachungspriorität&lt;/i&gt;, das die absoluten Residuen verwendet.</translation>
    </message>
    <message>
        <source>After &lt;i&gt;Grid InSAR deformation&lt;/i&gt;, where the defaults of &lt;i&gt;Train forecaster&lt;/i&gt; are not good enough, or where the spread of an ensemble is wanted: its members differ in their hyperparameters. Next: &lt;i&gt;Forecast deformation&lt;/i&gt;.</source>
        <translation>Nach &lt;i&gt;InSAR-Deformation rastern&lt;/i&gt;, wenn die Vorgaben von &lt;i&gt;Prognosemodell trainieren&lt;/i&gt; nicht genügen oder die Streuung eines Ensembles gewünscht ist: dessen Mitglieder unterscheiden sich in ihren Hyperparametern. Danach: &lt;i&gt;Deformation prognostizieren&lt;/i&gt;.</translation>
    </message>
    <message>
        <source>After &lt;i&gt;Grid InSAR deformation&lt;/i&gt;; a GCN can read the InSAR points themselves. Next: &lt;i&gt;Forecast deformation&lt;/i&gt;. Where the defaults are not good enough, use &lt;i&gt;Tune forecaster&lt;/i&gt;.</source>
        <translation>Nach &lt;i&gt;InSAR-Deformation rastern&lt;/i&gt;; ein GCN kann die InSAR-Punkte selbst lesen. Danach: &lt;i&gt;Deformation prognostizieren&lt;/i&gt;. Wenn die Vorgaben nicht genügen: &lt;i&gt;Prognosemodell abstimmen&lt;/i&gt;.</translation>
    </message>
    <message>
        <source>After &lt;i&gt;Import InSAR time series&lt;/i&gt; (vertical points) or &lt;i&gt;Decompose line of sight&lt;/i&gt;. Next: &lt;i&gt;Absence points&lt;/i&gt;, to which the stable points can be given as candidates.</source>
        <translation>Nach &lt;i&gt;InSAR-Zeitreihen importieren&lt;/i&gt; (vertikale Punkte) oder &lt;i&gt;Blickrichtung zerlegen&lt;/i&gt;. Danach: &lt;i&gt;Abwesenheitspunkte&lt;/i&gt;, wo die stabilen Punkte als Kandidaten angegeben werden können.</translation>
    </message>
    <message>
        <source>After &lt;i&gt;Import InSAR time series&lt;/i&gt; of two tracks, where no level 3 product of the European Ground Motion Service (EGMS) exists. Next, with the vertical points: &lt;i&gt;InSAR inventory&lt;/i&gt;, or &lt;i&gt;Grid InSAR deformation&lt;/i&gt; for a forecast.</source>
        <translation>Nach &lt;i&gt;InSAR-Zeitreihen importieren&lt;/i&gt; zweier Spuren, wo es kein Level-3-Produkt des Europäischen Bodenbewegungsdienstes (EGMS) gibt. Danach, mit den vertikalen Punkten: &lt;i&gt;InSAR-Inventar&lt;/i&gt; oder für eine Prognose &lt;i&gt;InSAR-Deformation rastern&lt;/i&gt;.</translation>
    </message>
    <message>
        <source>After &lt;i&gt;Import InSAR time series&lt;/i&gt; or &lt;i&gt;Decompose line of sight&lt;/i&gt;; any other point layer with a numeric field for each date will do. Next: &lt;i&gt;Train forecaster&lt;/i&gt; or &lt;i&gt;Tune forecaster&lt;/i&gt;.</source>
        <translation>Nach &lt;i&gt;InSAR-Zeitreihen importieren&lt;/i&gt; oder &lt;i&gt;Blickrichtung zerlegen&lt;/i&gt;; auch jeder andere Punktlayer mit einem numerischen Feld je Termin ist geeignet. Danach: &lt;i&gt;Prognosemodell trainieren&lt;/i&gt; oder &lt;i&gt;Prognosemodell abstimmen&lt;/i&gt;.</translation>
    </message>
    <message>
        <source>After &lt;i&gt;InSAR inventory&lt;/i&gt;, or with an inventory of your own, as points or polygons. Next: &lt;i&gt;Extract samples&lt;/i&gt;.</source>
        <translation>Nach &lt;i&gt;InSAR-Inventar&lt;/i&gt; oder mit eigenem Inventar aus Punkten oder Polygonen. Danach: &lt;i&gt;Stichproben entnehmen&lt;/i&gt;.</translation>
    </message>
    <message>
        <source>After &lt;i&gt;Predict susceptibility&lt;/i&gt;, before a map is handed on, above all when a model is applied to another area. The next step is &lt;i&gt;Map project with print layout&lt;/i&gt;.</source>
        <translation>Nach &lt;i&gt;Suszeptibilität vorhersagen&lt;/i&gt;, bevor eine Karte weitergegeben wird, vor allem wenn ein Modell auf ein anderes Gebiet angewendet wird. Der nächste Schritt ist &lt;i&gt;Kartenprojekt mit Drucklayout&lt;/i&gt;.</translation>
    </message>
    <message>
        <source>After &lt;i&gt;Train DRDN&lt;/i&gt; or another training algorithm, and after &lt;i&gt;Validate models&lt;/i&gt; or &lt;i&gt;Cross-validate&lt;/i&gt; has shown how far the model can be trusted. Next: &lt;i&gt;Classify susceptibility&lt;/i&gt;, then &lt;i&gt;Frequency ratio&lt;/i&gt;; &lt;i&gt;Area of applicability&lt;/i&gt; shows where the map goes beyond the samples.</source>
        <translation>Nach &lt;i&gt;DRDN trainieren&lt;/i&gt; oder einem anderen Trainingsalgorithmus und nachdem &lt;i&gt;Modelle validieren&lt;/i&gt; oder &lt;i&gt;Kreuzvalidierung&lt;/i&gt; gezeigt hat, wie weit dem Modell zu trauen ist. Danach: &lt;i&gt;Suszeptibilität klassifizieren&lt;/i&gt;, dann &lt;i&gt;Häufigkeitsverhältnis&lt;/i&gt;; &lt;i&gt;Anwendbarkeitsbereich&lt;/i&gt; zeigt, wo die Karte über die Stichproben hinausgeht.</translation>
    </message>
    <message>
        <source>After &lt;i&gt;Train forecaster&lt;/i&gt; or &lt;i&gt;Tune forecaster&lt;/i&gt;. Next: &lt;i&gt;Ensemble uncertainty&lt;/i&gt; on the members; a forecast from a past date of origin is what &lt;i&gt;Residuals of forecasts&lt;/i&gt; compares with the observations.</source>
        <translation>Nach &lt;i&gt;Prognosemodell trainieren&lt;/i&gt; oder &lt;i&gt;Prognosemodell abstimmen&lt;/i&gt;. Danach: &lt;i&gt;Ensembleunsicherheit&lt;/i&gt; auf den Mitgliedern; eine Prognose ab einem vergangenen Ausgangstermin vergleicht &lt;i&gt;Residuen der Prognosen&lt;/i&gt; mit den Beobachtungen.</translation>
    </message>
    <message>
        <source>After &lt;i&gt;Validate models&lt;/i&gt;, with a model of any type: network, ensemble or baseline. It explains the model, and tells about the ground only as much as the model is right. Next: &lt;i&gt;Area of applicability&lt;/i&gt;.</source>
        <translation>Nach &lt;i&gt;Modelle validieren&lt;/i&gt;, mit einem Modell beliebigen Typs: Netz, Ensemble oder Vergleichsmodell. Erklärt wird das Modell; über den Untergrund sagt das nur so viel aus, wie das Modell zutrifft. Danach: &lt;i&gt;Anwendbarkeitsbereich&lt;/i&gt;.</translation>
    </message>
    <message>
        <source>After installing the plugin, when an algorithm says that a package is missing, and before asking for help. Next: &lt;i&gt;Create example area&lt;/i&gt;, to try the plugin out.</source>
        <translation>Nach der Installation der Erweiterung, wenn ein Algorithmus ein fehlendes Paket meldet und bevor um Hilfe gefragt wird. Danach: &lt;i&gt;Beispielgebiet erzeugen&lt;/i&gt;, um die Erweiterung auszuprobieren.</translation>
    </message>
    <message>
        <source>After the training algorithms, for example &lt;i&gt;Train DRDN&lt;/i&gt; and &lt;i&gt;Train baseline&lt;/i&gt;: give it the baselines as well as the networks. Next: &lt;i&gt;Predict susceptibility&lt;/i&gt; and &lt;i&gt;Explain model&lt;/i&gt; with the best model.</source>
        <translation>Nach den Trainingsalgorithmen, zum Beispiel &lt;i&gt;DRDN trainieren&lt;/i&gt; und &lt;i&gt;Vergleichsmodell trainieren&lt;/i&gt;: neben den Netzen auch die Vergleichsmodelle angeben. Danach: &lt;i&gt;Suszeptibilität vorhersagen&lt;/i&gt; und &lt;i&gt;Modell erklären&lt;/i&gt; mit dem besten Modell.</translation>
    </message>
    <message>
        <source>After training or tuning with 5 to 10 repeats and the output RUNS, which &lt;i&gt;Tune model&lt;/i&gt;, &lt;i&gt;Tune forecaster&lt;/i&gt;, &lt;i&gt;Cross-validate&lt;/i&gt; and all training algorithms write. Next: &lt;i&gt;Predict susceptibility&lt;/i&gt; or &lt;i&gt;Forecast deformation&lt;/i&gt; with the better model.</source>
        <translation>Nach dem Trainieren oder Abstimmen mit 5 bis 10 Wiederholungen und der Ausgabe RUNS, die &lt;i&gt;Modell abstimmen&lt;/i&gt;, &lt;i&gt;Prognosemodell abstimmen&lt;/i&gt;, &lt;i&gt;Kreuzvalidierung&lt;/i&gt; und alle Trainingsalgorithmen schreiben. Danach: &lt;i&gt;Suszeptibilität vorhersagen&lt;/i&gt; oder &lt;i&gt;Deformation prognostizieren&lt;/i&gt; mit dem besseren Modell.</translation>
    </message>
    <message>
        <source>All dates</source>
        <translation>Alle Termine</translation>
    </message>
    <message>
        <source>All figures in the file as a table: model or baseline, part of the samples (or of the dates), metric and value.</source>
        <translation>Alle Zahlen der Datei als Tabelle: Modell oder Vergleichsmodell, Teil der Stichproben (oder der Termine), Metrik und Wert.</translation>
    </message>
    <message>
        <source>An observation may be off the date of a forecast by so many days; the nearest is taken. With 0 only the very same date counts.</source>
        <translation>Eine Beobachtung darf um so viele Tage vom Termin einer Prognose abweichen; die nächste wird verwendet. Bei 0 zählt nur genau derselbe Termin.</translation>
    </message>
    <message>
        <source>An output whose field is left empty is a temporary file, which QGIS deletes when it is closed: give a file name for what you want to keep. Maps are loaded with their style, which lies beside the file (.qml), so that they look the same when they are opened again.</source>
        <translation>Eine Ausgabe mit leerem Feld ist eine temporäre Datei, die QGIS beim Schließen löscht: einen Dateinamen angeben für alles, was erhalten bleiben soll. Karten werden mit ihrem Stil geladen, der neben der Datei liegt (.qml), sodass sie beim erneuten Öffnen gleich aussehen.</translation>
    </message>
    <message>
        <source>Angle between the vertical and the line of sight, for a layer without fields of the geometry. Give it together with the track angle: both take the place of the fields. Empty: the fields of the layer.</source>
        <translation>Winkel zwischen der Vertikalen und der Blickrichtung, für einen Layer ohne Geometriefelder. Zusammen mit dem Spurwinkel angeben: beide ersetzen die Felder. Leer: die Felder des Layers.</translation>
    </message>
    <message>
        <source>Any other table with a header is read too: columns parted by comma, semicolon, tab or |, with coordinates and with dates named 20200103, D20200103 or 2020-01-03.</source>
        <translation>Auch jede andere Tabelle mit Kopfzeile wird gelesen: Spalten durch Komma, Semikolon, Tabulator oder | getrennt, mit Koordinaten und mit Terminen namens 20200103, D20200103 oder 2020-01-03.</translation>
    </message>
    <message>
        <source>Area from which points are read, in any CRS. Empty: all points.</source>
        <translation>Gebiet, aus dem Punkte gelesen werden, in beliebigem KBS. Leer: alle Punkte.</translation>
    </message>
    <message>
        <source>Area outside (km²)</source>
        <translation>Fläche außerhalb (km²)</translation>
    </message>
    <message>
        <source>Area to cover, in any CRS. Empty: the extent that all rasters have in common.</source>
        <translation>Abzudeckendes Gebiet, in beliebigem KBS. Leer: die allen Rastern gemeinsame Ausdehnung.</translation>
    </message>
    <message>
        <source>Area to grid, in any CRS. Points just outside still count for the cells at the border. Empty: the area of all points.</source>
        <translation>Zu rasterndes Gebiet, in beliebigem KBS. Punkte knapp außerhalb zählen für die Randzellen weiterhin. Leer: das Gebiet aller Punkte.</translation>
    </message>
    <message>
        <source>Around the forecast</source>
        <translation>Rund um die Prognose</translation>
    </message>
    <message>
        <source>As in the paper: 2000 × 1500 cells, 230 MB, about a minute</source>
        <translation>Wie im Artikel: 2000 × 1500 Zellen, 230 MB, etwa eine Minute</translation>
    </message>
    <message>
        <source>At the beginning of the susceptibility chain, where satellite bands are at hand; NDVI is one of the factors of the Hanoi paper. Next: &lt;i&gt;Align factors&lt;/i&gt;, with the other layers.</source>
        <translation>Am Anfang der Suszeptibilitätskette, wenn Satellitenkanäle vorliegen; NDVI ist einer der Faktoren des Hanoi-Artikels. Danach: &lt;i&gt;Faktoren angleichen&lt;/i&gt;, mit den übrigen Layern.</translation>
    </message>
    <message>
        <source>At the beginning, for inventories and for forecasts alike. Next: &lt;i&gt;InSAR inventory&lt;/i&gt; or &lt;i&gt;Grid InSAR deformation&lt;/i&gt;; line-of-sight series of two tracks go through &lt;i&gt;Decompose line of sight&lt;/i&gt; first.</source>
        <translation>Am Anfang, für Inventare wie für Prognosen. Danach: &lt;i&gt;InSAR-Inventar&lt;/i&gt; oder &lt;i&gt;InSAR-Deformation rastern&lt;/i&gt;; Zeitreihen zweier Spuren in Blickrichtung gehen zuerst durch &lt;i&gt;Blickrichtung zerlegen&lt;/i&gt;.</translation>
    </message>
    <message>
        <source>At the beginning, when no data are at hand, and to check a method against a known answer. Next: &lt;i&gt;Reclassify factors&lt;/i&gt; and &lt;i&gt;Absence points&lt;/i&gt; for susceptibility, or &lt;i&gt;Grid InSAR deformation&lt;/i&gt; for forecasts.</source>
        <translation>Am Anfang, wenn keine Daten vorliegen, und um eine Methode an einer bekannten Antwort zu prüfen. Danach: &lt;i&gt;Faktoren reklassifizieren&lt;/i&gt; und &lt;i&gt;Abwesenheitspunkte&lt;/i&gt; für die Suszeptibilität oder &lt;i&gt;InSAR-Deformation rastern&lt;/i&gt; für Prognosen.</translation>
    </message>
    <message>
        <source>At the end of a study, to look at its results together, to hand them on or to print the map. It takes the outputs of any algorithm, for example of &lt;i&gt;Classify susceptibility&lt;/i&gt; or &lt;i&gt;Monitoring priority&lt;/i&gt;.</source>
        <translation>Am Ende einer Untersuchung, um die Ergebnisse gemeinsam zu betrachten, weiterzugeben oder die Karte zu drucken. Geeignet sind die Ausgaben jedes Algorithmus, zum Beispiel von &lt;i&gt;Suszeptibilität klassifizieren&lt;/i&gt; oder &lt;i&gt;Überwachungspriorität&lt;/i&gt;.</translation>
    </message>
    <message>
        <source>Automatic takes the configurations of the same model where models have several, such as default and tuned, else all pairs of models. Reference A is a configuration whose name begins with &apos;manual&apos; or &apos;default&apos;, else the first.</source>
        <translation>Automatisch verwendet die Konfigurationen desselben Modells, wenn Modelle mehrere haben, etwa Vorgabe und abgestimmt, sonst alle Modellpaare. Referenz A ist eine Konfiguration, deren Name mit &apos;manual&apos; oder &apos;default&apos; beginnt, sonst die erste.</translation>
    </message>
    <message>
        <source>Back</source>
        <translation>Zurück</translation>
    </message>
    <message>
        <source>Band of EXCEEDANCE to read; 1 is the probability to reach the lowest quantile (P85).</source>
        <translation>Zu lesender Kanal von EXCEEDANCE; 1 ist die Wahrscheinlichkeit, das unterste Quantil (P85) zu erreichen.</translation>
    </message>
    <message>
        <source>Band of the multi-band raster with wavelengths around {low} to {high} µm (band {number} of Landsat 8 and 9).</source>
        <translation>Kanal des Mehrkanalrasters mit Wellenlängen um {low} bis {high} µm (Kanal {number} von Landsat 8 und 9).</translation>
    </message>
    <message>
        <source>Band of the raster that holds the elevation. Empty: the first.</source>
        <translation>Kanal des Rasters, der die Höhe enthält. Leer: der erste.</translation>
    </message>
    <message>
        <source>Bands are matched to the model&apos;s factors by name. Surplus bands are named in the log; a missing one stops the run.</source>
        <translation>Kanäle werden den Faktoren des Modells über den Namen zugeordnet. Überzählige Kanäle nennt das Protokoll; ein fehlender hält den Lauf an.</translation>
    </message>
    <message>
        <source>Bands of more than 16.8 million cells are read three times instead of being held in memory; their breaks are exact to a bin.</source>
        <translation>Kanäle mit mehr als 16.8 Millionen Zellen werden dreimal gelesen statt im Speicher gehalten; ihre Grenzen sind bis auf ein Intervall genau.</translation>
    </message>
    <message>
        <source>Bands of the stack to correlate. Empty: all.</source>
        <translation>Zu korrelierende Kanäle des Stapels. Leer: alle.</translation>
    </message>
    <message>
        <source>Before a model from somebody else is used, to look up how a model was trained, or to find out which model made a map. Next: &lt;i&gt;Predict susceptibility&lt;/i&gt; or &lt;i&gt;Forecast deformation&lt;/i&gt;.</source>
        <translation>Bevor ein fremdes Modell verwendet wird, um nachzusehen, wie ein Modell trainiert wurde, oder um herauszufinden, welches Modell eine Karte erzeugt hat. Danach: &lt;i&gt;Suszeptibilität vorhersagen&lt;/i&gt; oder &lt;i&gt;Deformation prognostizieren&lt;/i&gt;.</translation>
    </message>
    <message>
        <source>Before training, to leave out factors that repeat others. It takes the factor stack of &lt;i&gt;Align factors&lt;/i&gt;, or the samples of &lt;i&gt;Extract samples&lt;/i&gt;. Next: &lt;i&gt;Reclassify factors&lt;/i&gt;, or a training algorithm with the factors that remain.</source>
        <translation>Vor dem Training, um Faktoren auszulassen, die andere wiederholen. Verwendet den Faktorenstapel von &lt;i&gt;Faktoren angleichen&lt;/i&gt; oder die Stichproben von &lt;i&gt;Stichproben entnehmen&lt;/i&gt;. Danach: &lt;i&gt;Faktoren reklassifizieren&lt;/i&gt; oder ein Trainingsalgorithmus mit den verbleibenden Faktoren.</translation>
    </message>
    <message>
        <source>Best simple forecast</source>
        <translation>Beste einfache Prognose</translation>
    </message>
    <message>
        <source>Bias of this forecast (mm)</source>
        <translation>Bias dieser Prognose (mm)</translation>
    </message>
    <message>
        <source>Bring the conditioning factors together as the bands of one raster.</source>
        <translation>Die Einflussfaktoren als Kanäle eines Rasters zusammenführen.</translation>
    </message>
    <message>
        <source>Bring them onto a grid, one band a date.</source>
        <translation>Sie auf ein Gitter bringen, ein Kanal je Termin.</translation>
    </message>
    <message>
        <source>Brings conditioning factors of any CRS, cell size and extent to one grid and stacks them in one multi-band raster, the factor stack, with one band a factor.</source>
        <translation>Bringt Einflussfaktoren mit beliebigem KBS, beliebiger Zellgröße und Ausdehnung auf ein gemeinsames Gitter und stapelt sie in einem Mehrkanalraster, dem Faktorenstapel, mit einem Kanal je Faktor.</translation>
    </message>
    <message>
        <source>CRS of a table that is none of EGMS. Empty: EPSG:3035 for EGMS, EPSG:4326 for columns named lon and lat; other tables need it.</source>
        <translation>KBS einer Tabelle, die nicht von EGMS stammt. Leer: EPSG:3035 für EGMS, EPSG:4326 für Spalten namens lon und lat; andere Tabellen benötigen es.</translation>
    </message>
    <message>
        <source>Calibration error after recalibration</source>
        <translation>Kalibrierungsfehler nach der Rekalibrierung</translation>
    </message>
    <message>
        <source>Cells drawn at random for Spearman&apos;s coefficient and the significance. A stack with fewer complete cells is taken whole.</source>
        <translation>Zufällig gezogene Zellen für den Koeffizienten von Spearman und die Signifikanz. Ein Stapel mit weniger vollständigen Zellen wird ganz verwendet.</translation>
    </message>
    <message>
        <source>Cells to either side of a cell: 3 compares the errors of 7 × 7 cells with those of the map.</source>
        <translation>Zellen zu beiden Seiten einer Zelle: 3 vergleicht die Fehler von 7 × 7 Zellen mit denen der Karte.</translation>
    </message>
    <message>
        <source>Check on points that no model has seen, and see why the map says what it says.</source>
        <translation>An Punkten prüfen, die kein Modell kennt, und sehen, warum die Karte so aussagt.</translation>
    </message>
    <message>
        <source>Checks a model file in full and tells what it says of itself: architecture, hyperparameters, factors or dates, metrics, seeds and versions, and whether it made a given layer.</source>
        <translation>Prüft eine Modelldatei vollständig und gibt aus, was sie über sich selbst aussagt: Architektur, Hyperparameter, Faktoren oder Termine, Metriken, Startwerte und Versionen und ob sie einen bestimmten Layer erzeugt hat.</translation>
    </message>
    <message>
        <source>Choose a folder for the files.</source>
        <translation>Einen Ordner für die Dateien wählen.</translation>
    </message>
    <message>
        <source>Choose model file…</source>
        <translation>Modelldatei wählen…</translation>
    </message>
    <message>
        <source>Choose the model file that made the probability raster (model {id}).</source>
        <translation>Die Modelldatei wählen, die das Wahrscheinlichkeitsraster erzeugt hat (Modell {id}).</translation>
    </message>
    <message>
        <source>Chooses points of subsidence, and stable points on request, among InSAR points by their velocity and quality, as the inventory with which the susceptibility chain begins.</source>
        <translation>Wählt aus InSAR-Punkten nach Geschwindigkeit und Qualität Senkungspunkte und auf Wunsch stabile Punkte aus, als Inventar, mit dem die Suszeptibilitätskette beginnt.</translation>
    </message>
    <message>
        <source>Classes 1 Low, 2 Medium, 3 High and 4 Highest of the intensity |m|; 0 is nodata. The legend names the thresholds.</source>
        <translation>Klassen 1 Niedrig, 2 Mittel, 3 Hoch und 4 Höchste der Intensität |m|; 0 ist NoData. Die Legende nennt die Schwellenwerte.</translation>
    </message>
    <message>
        <source>Classes 1 to 9 of level (low, medium, high; the two highest are one) by spread (thirds of the pixels). 7 is high and robust, 9 is high and unstable; 0 is nodata.</source>
        <translation>Klassen 1 bis 9 aus Stufe (niedrig, mittel, hoch; die beiden höchsten sind eine) und Streuung (Drittel der Pixel). 7 ist hoch und robust, 9 ist hoch und instabil; 0 ist NoData.</translation>
    </message>
    <message>
        <source>Click on the map to see what the layers say of a place.</source>
        <translation>Auf die Karte klicken, um zu sehen, was die Layer über einen Ort aussagen.</translation>
    </message>
    <message>
        <source>Click on the map to see what the layers say of that place</source>
        <translation>Auf die Karte klicken, um zu sehen, was die Layer über den Ort aussagen</translation>
    </message>
    <message>
        <source>Column of the {axis} coordinate, where the table is none of EGMS and has no easting and northing, x and y, or lon and lat. Empty: found by these names.</source>
        <translation>Spalte der {axis}-Koordinate, wenn die Tabelle nicht von EGMS stammt und weder easting und northing noch x und y oder lon und lat enthält. Leer: über diese Namen gefunden.</translation>
    </message>
    <message>
        <source>Columns of the rasters.</source>
        <translation>Spalten der Raster.</translation>
    </message>
    <message>
        <source>Compares one or several forecasts with what was observed: how large the residuals are, how they are distributed, and where they cluster.</source>
        <translation>Vergleicht eine oder mehrere Prognosen mit den Beobachtungen: wie groß die Residuen sind, wie sie verteilt sind und wo sie sich häufen.</translation>
    </message>
    <message>
        <source>Compares one or several trained models on the same samples, by AUC, accuracy, Kappa and further metrics for training, validation and test rows apart; on request recalibrates one model.</source>
        <translation>Vergleicht ein oder mehrere trainierte Modelle auf denselben Stichproben, nach AUC, Genauigkeit, Kappa und weiteren Metriken, getrennt für Trainings-, Validierungs- und Testzeilen; rekalibriert auf Wunsch ein Modell.</translation>
    </message>
    <message>
        <source>Compares this date only: a date such as 2024-06-30, or the word last for the last common one. Empty: all common dates.</source>
        <translation>Vergleicht nur diesen Termin: ein Termin wie 2024-06-30 oder das Wort last für den letzten gemeinsamen. Leer: alle gemeinsamen Termine.</translation>
    </message>
    <message>
        <source>Component of the displacements</source>
        <translation>Komponente der Verschiebungen</translation>
    </message>
    <message>
        <source>Computes the probability of land subsidence for every pixel of a factor stack or class stack with a trained model, a network or a baseline.</source>
        <translation>Berechnet mit einem trainierten Modell, einem Netz oder Vergleichsmodell, die Wahrscheinlichkeit der Landsenkung für jedes Pixel eines Faktoren- oder Klassenstapels.</translation>
    </message>
    <message>
        <source>Conditioning factors</source>
        <translation>Einflussfaktoren</translation>
    </message>
    <message>
        <source>Configurations that are tried, the first 20 at random; the paper takes 50.</source>
        <translation>Konfigurationen, die probiert werden, die ersten 20 zufällig; der Artikel verwendet 50.</translation>
    </message>
    <message>
        <source>Coordinate reference system of the factor stack. Empty: that of the first raster.</source>
        <translation>Koordinatenbezugssystem des Faktorenstapels. Leer: das des ersten Rasters.</translation>
    </message>
    <message>
        <source>Create and open</source>
        <translation>Erzeugen und öffnen</translation>
    </message>
    <message>
        <source>Data, split in time, simple forecasts and intervals are those of &lt;i&gt;Train forecaster&lt;/i&gt;. By default the search is TPE as in the paper: 50 trials, 20 of them random, the best quarter as the good set. Hopeless trials are ended early.</source>
        <translation>Daten, zeitliche Aufteilung, einfache Prognosen und Intervalle sind die von &lt;i&gt;Prognosemodell trainieren&lt;/i&gt;. Standardmäßig wird wie im Artikel mit TPE gesucht: 50 Versuche, davon 20 zufällig, das beste Viertel als gute Menge. Aussichtslose Versuche werden früh beendet.</translation>
    </message>
    <message>
        <source>Dates left out between the last date read and the first one forecast. 2 is the honest choice for EGMS L3 after 2021, whose neighbouring dates share information.</source>
        <translation>Zwischen dem letzten gelesenen und dem ersten prognostizierten Termin ausgelassene Termine. 2 ist die ehrliche Wahl für EGMS L3 nach 2021, dessen benachbarte Termine Information teilen.</translation>
    </message>
    <message>
        <source>Dates of the result, within the time that both tracks cover. At dates that a track does not have, it is interpolated linearly between its own.</source>
        <translation>Termine des Ergebnisses innerhalb der von beiden Spuren abgedeckten Zeit. An Terminen, die einer Spur fehlen, wird sie linear zwischen ihren eigenen interpoliert.</translation>
    </message>
    <message>
        <source>Dates that the forecaster gives, all at once.</source>
        <translation>Termine, die das Prognosemodell liefert, alle auf einmal.</translation>
    </message>
    <message>
        <source>Deformation</source>
        <translation>Deformation</translation>
    </message>
    <message>
        <source>Deformation forecast</source>
        <translation>Deformationsprognose</translation>
    </message>
    <message>
        <source>Dense monitoring (GNSS, corner reflectors)</source>
        <translation>Dichte Überwachung (GNSS, Winkelreflektoren)</translation>
    </message>
    <message>
        <source>Densify monitoring, verify</source>
        <translation>Überwachung verdichten, prüfen</translation>
    </message>
    <message>
        <source>Densify, recalibrate thresholds</source>
        <translation>Verdichten, Schwellenwerte rekalibrieren</translation>
    </message>
    <message>
        <source>Direction of flight, clockwise from north: about -10 ascending, 190 descending; the radar looks to the right. Empty: the fields of the layer.</source>
        <translation>Flugrichtung, im Uhrzeigersinn ab Nord: etwa -10 aufsteigend, 190 absteigend; das Radar blickt nach rechts. Leer: die Felder des Layers.</translation>
    </message>
    <message>
        <source>Displacement ({unit})</source>
        <translation>Verschiebung ({unit})</translation>
    </message>
    <message>
        <source>Displacements are in mm and velocities in mm/yr. The sign is kept as delivered: vertical is negative where the ground subsides, line of sight is positive towards the satellite. Component, geometry and unit are said in the log and kept in the metadata of the layer.</source>
        <translation>Verschiebungen sind in mm, Geschwindigkeiten in mm/yr. Das Vorzeichen bleibt wie geliefert: vertikal ist negativ, wo der Boden sinkt, die Blickrichtung ist positiv zum Satelliten hin. Komponente, Geometrie und Einheit stehen im Protokoll und in den Metadaten des Layers.</translation>
    </message>
    <message>
        <source>Displacements are in mm and velocities in mm/yr. Vertical is negative where the ground subsides, east is positive eastwards. Points lie at the centres of the cells and tell how many points of each track a cell holds.</source>
        <translation>Verschiebungen sind in mm, Geschwindigkeiten in mm/yr. Vertikal ist negativ, wo der Boden sinkt, Ost ist positiv nach Osten. Die Punkte liegen in den Mittelpunkten der Zellen und nennen, wie viele Punkte jeder Spur eine Zelle enthält.</translation>
    </message>
    <message>
        <source>Draw points where it does not, and read the factors at all of them.</source>
        <translation>Punkte ziehen, wo er nicht sinkt, und an allen die Faktoren lesen.</translation>
    </message>
    <message>
        <source>Each chosen field becomes a factor of its name. Whole numbers are the codes themselves, texts are coded; numbers with fractions make a continuous factor. Needed with polygons.</source>
        <translation>Jedes gewählte Feld wird zu einem Faktor seines Namens. Ganze Zahlen sind selbst die Codes, Texte werden codiert; Zahlen mit Nachkommastellen ergeben einen kontinuierlichen Faktor. Bei Polygonen erforderlich.</translation>
    </message>
    <message>
        <source>Either &apos;old=new&apos; for some factors (dem=elevation, lc_2024=lulc) or one name for each factor in order (rasters, categorical rasters, polygon fields), parted by commas. Empty: the names of bands, layers or files.</source>
        <translation>Entweder &apos;alt=neu&apos; für einzelne Faktoren (dem=elevation, lc_2024=lulc) oder ein Name für jeden Faktor der Reihe nach (Raster, kategoriale Raster, Polygonfelder), durch Kommas getrennt. Leer: die Namen der Kanäle, Layer oder Dateien.</translation>
    </message>
    <message>
        <source>Ensemble members</source>
        <translation>Ensemblemitglieder</translation>
    </message>
    <message>
        <source>Entry of QGIS&apos;s authentication database (basic: user name and password) for STORAGE. Empty: none.</source>
        <translation>Eintrag der Authentifizierungsdatenbank von QGIS (basic: Benutzername und Passwort) für STORAGE. Leer: keiner.</translation>
    </message>
    <message>
        <source>Every band of a raster becomes a factor. Rasters are read and written tile by tile, so that memory does not grow with them; polygons are held in memory. The Hanoi paper resamples all its layers to 12.5 m.</source>
        <translation>Jeder Kanal eines Rasters wird ein Faktor. Raster werden kachelweise gelesen und geschrieben, sodass der Speicherbedarf nicht mit ihnen wächst; Polygone werden im Speicher gehalten. Der Hanoi-Artikel bringt alle Layer auf 12.5 m.</translation>
    </message>
    <message>
        <source>Every band of the class raster is evaluated. The table holds cells and events with their shares in percent, the ratios by split and the areas under the curves.</source>
        <translation>Jeder Kanal des Klassenrasters wird ausgewertet. Die Tabelle enthält Zellen und Ereignisse mit ihren Anteilen in Prozent, die Verhältnisse nach Teil (Training, Validierung, Test) und die Flächen unter den Kurven.</translation>
    </message>
    <message>
        <source>Every cell gets the first class that fits:</source>
        <translation>Jede Zelle erhält die erste zutreffende Klasse:</translation>
    </message>
    <message>
        <source>Every step is also a tool of its own, in &lt;b&gt;Processing ▸ Toolbox ▸ Land subsidence&lt;/b&gt;, in groups numbered in the order of work. Choose a tool on the left to read what it does. Methods that learn need packages that QGIS does not bring: {installation} tells which are there and prints the line that installs the rest.</source>
        <translation>Jeder Schritt ist auch ein eigenes Werkzeug unter &lt;b&gt;Verarbeitung ▸ Werkzeugkiste ▸ Land subsidence&lt;/b&gt;, in Gruppen, die nach der Arbeitsfolge nummeriert sind. Links ein Werkzeug wählen, um zu lesen, was es tut. Lernende Methoden brauchen Pakete, die QGIS nicht mitbringt: {installation} zeigt, welche vorhanden sind, und gibt die Zeile aus, die den Rest installiert.</translation>
    </message>
    <message>
        <source>Explains a model by SHAP values: what each factor adds to the prediction at a place, ranked over the samples and, on request, mapped for every pixel.</source>
        <translation>Erklärt ein Modell durch SHAP-Werte: was jeder Faktor an einem Ort zur Vorhersage beiträgt, nach Rang über die Stichproben und auf Wunsch für jedes Pixel kartiert.</translation>
    </message>
    <message>
        <source>Explains the probability of a recalibrated model as it is mapped, else the raw one. Without effect on other models.</source>
        <translation>Erklärt die Wahrscheinlichkeit eines rekalibrierten Modells so, wie sie kartiert wird, sonst die rohe. Ohne Wirkung auf andere Modelle.</translation>
    </message>
    <message>
        <source>Explanation</source>
        <translation>Erklärung</translation>
    </message>
    <message>
        <source>Export CSV</source>
        <translation>CSV exportieren</translation>
    </message>
    <message>
        <source>Export CSV…</source>
        <translation>CSV exportieren…</translation>
    </message>
    <message>
        <source>Export picture</source>
        <translation>Bild exportieren</translation>
    </message>
    <message>
        <source>Export picture…</source>
        <translation>Bild exportieren…</translation>
    </message>
    <message>
        <source>Exporting a place</source>
        <translation>Ort wird exportiert</translation>
    </message>
    <message>
        <source>Factor stack (GeoTIFF, float32) with one band for each factor, on the grid of the DEM.</source>
        <translation>Faktorenstapel (GeoTIFF, float32) mit einem Kanal je Faktor, auf dem Gitter des DHM.</translation>
    </message>
    <message>
        <source>Factor stack (GeoTIFF, float32) with one band for each index, on the grid of the bands.</source>
        <translation>Faktorenstapel (GeoTIFF, float32) mit einem Kanal je Index, auf dem Gitter der Kanäle.</translation>
    </message>
    <message>
        <source>Factor stack or class stack: a raster with one band for each factor, for example from &apos;Align factors&apos;. Give either this or SAMPLES.</source>
        <translation>Faktorenstapel oder Klassenstapel: ein Raster mit einem Kanal je Faktor, zum Beispiel von &apos;Faktoren angleichen&apos;. Entweder dies oder SAMPLES angeben.</translation>
    </message>
    <message>
        <source>Factors are scaled to 0…1 by the range of the training rows. Categorical factors become one input for each category.</source>
        <translation>Faktoren werden über den Bereich der Trainingszeilen auf 0…1 skaliert. Kategoriale Faktoren werden zu einer Eingabe je Kategorie.</translation>
    </message>
    <message>
        <source>Factors to write, each as a band. Only the TWI needs numba and the DEM in memory.</source>
        <translation>Zu schreibende Faktoren, jeder als Kanal. Nur der TWI benötigt numba und das DHM im Speicher.</translation>
    </message>
    <message>
        <source>Field with 1 for subsidence and 0 for none, which is not counted. Empty, or where the layer has no field &apos;label&apos;: all features are subsidence.</source>
        <translation>Feld mit 1 für Senkung und 0 für keine, die nicht gezählt wird. Leer oder ohne Feld &apos;label&apos; im Layer: alle Objekte sind Senkung.</translation>
    </message>
    <message>
        <source>Field with 1 for subsidence and 0 for none. Empty: rows are drawn without it.</source>
        <translation>Feld mit 1 für Senkung und 0 für keine. Leer: Zeilen werden ohne Rücksicht darauf gezogen.</translation>
    </message>
    <message>
        <source>Field with 1 for subsidence and 0 for none. Empty: the field &apos;label&apos;.</source>
        <translation>Feld mit 1 für Senkung und 0 für keine. Leer: das Feld &apos;label&apos;.</translation>
    </message>
    <message>
        <source>Field with 1 for subsidence and 0 for none; anything else is refused. Where the layer has no field &apos;label&apos; and no other is chosen, all features count as subsidence.</source>
        <translation>Feld mit 1 für Senkung und 0 für keine; alles andere wird abgelehnt. Hat der Layer kein Feld &apos;label&apos; und ist kein anderes gewählt, zählen alle Objekte als Senkung.</translation>
    </message>
    <message>
        <source>Field with a measure of quality, for example temporal_coherence (EGMS L2), rmse_ts (L3 of 2020–2024), rmse (older L3) or mean_velocity_std. Empty: all points count.</source>
        <translation>Feld mit einem Qualitätsmaß, zum Beispiel temporal_coherence (EGMS L2), rmse_ts (L3 von 2020–2024), rmse (älteres L3) oder mean_velocity_std. Leer: alle Punkte zählen.</translation>
    </message>
    <message>
        <source>Field with the label, which is not taken as a factor.</source>
        <translation>Feld mit dem Label, das nicht als Faktor verwendet wird.</translation>
    </message>
    <message>
        <source>Field with the velocity in mm/yr. Empty: mean_velocity.</source>
        <translation>Feld mit der Geschwindigkeit in mm/yr. Leer: mean_velocity.</translation>
    </message>
    <message>
        <source>Fields of the model&apos;s factors. Empty: all factors that &apos;Extract samples&apos; wrote.</source>
        <translation>Felder der Faktoren des Modells. Leer: alle von &apos;Stichproben entnehmen&apos; geschriebenen Faktoren.</translation>
    </message>
    <message>
        <source>Figures</source>
        <translation>Kennzahlen</translation>
    </message>
    <message>
        <source>File (.safetensors) written by a training algorithm, &apos;Tune model&apos; or &apos;Validate models&apos;.</source>
        <translation>Von einem Trainingsalgorithmus, &apos;Modell abstimmen&apos; oder &apos;Modelle validieren&apos; geschriebene Datei (.safetensors).</translation>
    </message>
    <message>
        <source>File that keeps the state while it trains: run again with the same file, samples and settings to go on where a cancelled or killed training stopped, with the same result as without the stop. It stays; delete it when no longer needed. Empty: none.</source>
        <translation>Datei, die während des Trainings den Zustand sichert: mit derselben Datei, denselben Stichproben und Einstellungen erneut ausgeführt, geht ein abgebrochenes oder abgestürztes Training dort weiter, wo es angehalten hat, mit demselben Ergebnis wie ohne Unterbrechung. Sie bleibt erhalten; löschen, wenn nicht mehr benötigt. Leer: keine.</translation>
    </message>
    <message>
        <source>Files are read in blocks, so that memory does not grow with them. A broken row (another number of columns, text in place of a number) is left out and reported with its line number.</source>
        <translation>Dateien werden blockweise gelesen, sodass der Speicherbedarf nicht mit ihnen wächst. Eine fehlerhafte Zeile (andere Spaltenzahl, Text anstelle einer Zahl) wird ausgelassen und mit ihrer Zeilennummer gemeldet.</translation>
    </message>
    <message>
        <source>Files of the European Ground Motion Service (EGMS, https://egms.land.copernicus.eu) are read as they are downloaded: levels L2a and L2b (line of sight) and L3 (vertical or east), of the releases until 2019–2023 and from 2020–2024 on. Several tiles become one layer. Where they overlap, of points at the same place the one with more dates, then with better quality, is kept.</source>
        <translation>Dateien des Europäischen Bodenbewegungsdienstes (EGMS, https://egms.land.copernicus.eu) werden gelesen, wie sie heruntergeladen werden: die Stufen L2a und L2b (Blickrichtung) und L3 (vertikal oder Ost), der Ausgaben bis 2019–2023 und ab 2020–2024. Mehrere Kacheln werden zu einem Layer. Wo sie sich überlappen, bleibt von Punkten am selben Ort der mit mehr Terminen, dann der mit besserer Qualität.</translation>
    </message>
    <message>
        <source>First step of the susceptibility chain where a DEM is at hand; the Hanoi paper derives the same five factors from its DEM. Next: &lt;i&gt;Align factors&lt;/i&gt;, with the other layers, or at once &lt;i&gt;Reclassify factors&lt;/i&gt;.</source>
        <translation>Erster Schritt der Suszeptibilitätskette, wenn ein DHM vorliegt; der Hanoi-Artikel leitet dieselben fünf Faktoren aus seinem DHM ab. Danach: &lt;i&gt;Faktoren angleichen&lt;/i&gt;, mit den übrigen Layern, oder gleich &lt;i&gt;Faktoren reklassifizieren&lt;/i&gt;.</translation>
    </message>
    <message>
        <source>First step of the susceptibility chain, after &lt;i&gt;Topographic factors from a DEM&lt;/i&gt; and &lt;i&gt;Spectral indices from satellite bands&lt;/i&gt;. Next: &lt;i&gt;Factor correlation&lt;/i&gt; and &lt;i&gt;Reclassify factors&lt;/i&gt;; &lt;i&gt;Extract samples&lt;/i&gt; and &lt;i&gt;Predict susceptibility&lt;/i&gt; take the stack, too.</source>
        <translation>Erster Schritt der Suszeptibilitätskette, nach &lt;i&gt;Topographische Faktoren aus einem DHM&lt;/i&gt; und &lt;i&gt;Spektralindizes aus Satellitenkanälen&lt;/i&gt;. Danach: &lt;i&gt;Korrelation der Faktoren&lt;/i&gt; und &lt;i&gt;Faktoren reklassifizieren&lt;/i&gt;; auch &lt;i&gt;Stichproben entnehmen&lt;/i&gt; und &lt;i&gt;Suszeptibilität vorhersagen&lt;/i&gt; verwenden den Stapel.</translation>
    </message>
    <message>
        <source>Fold {number}</source>
        <translation>Teilmenge {number}</translation>
    </message>
    <message>
        <source>Folder</source>
        <translation>Ordner</translation>
    </message>
    <message>
        <source>Folder of the example</source>
        <translation>Ordner des Beispiels</translation>
    </message>
    <message>
        <source>Folds differ from one partition of the samples to the next. Several partitions show by how much, and their mean matters. Intervals follow Nadeau and Bengio (2003).</source>
        <translation>Die Teilmengen unterscheiden sich von einer Partition der Stichproben zur nächsten. Mehrere Partitionen zeigen, wie sehr, und ihr Mittel zählt. Die Intervalle folgen Nadeau und Bengio (2003).</translation>
    </message>
    <message>
        <source>Folds of cross-validation</source>
        <translation>Teilmengen der Kreuzvalidierung</translation>
    </message>
    <message>
        <source>Forecast at points</source>
        <translation>Prognose an Punkten</translation>
    </message>
    <message>
        <source>Forecast residuals</source>
        <translation>Prognoseresiduen</translation>
    </message>
    <message>
        <source>Forecast with the smallest RMSE</source>
        <translation>Prognose mit dem kleinsten RMSE</translation>
    </message>
    <message>
        <source>Forecast, with an interval.</source>
        <translation>Prognose mit Intervall.</translation>
    </message>
    <message>
        <source>Forecasting workflow in the Modeler</source>
        <translation>Arbeitsablauf Prognose in der Modellierung</translation>
    </message>
    <message>
        <source>Forecasts the displacement at the next dates with a trained forecaster: a raster with one band for each future date, in mm, with the sign of the deformation stack.</source>
        <translation>Prognostiziert mit einem trainierten Prognosemodell die Verschiebung an den nächsten Terminen: ein Raster mit einem Kanal je künftigem Termin, in mm, mit dem Vorzeichen des Deformationsstapels.</translation>
    </message>
    <message>
        <source>From the mean {mean} of {rows} to {prediction} here; orange raises, blue lowers.</source>
        <translation>Vom Mittel {mean} aus {rows} zu {prediction} an diesem Ort; Orange erhöht, Blau senkt.</translation>
    </message>
    <message>
        <source>GeoTIFF, float32 with NaN as nodata. Each factor is a band, with its name as description and its kind (continuous, categorical) in the metadata.</source>
        <translation>GeoTIFF, float32 mit NaN als NoData. Jeder Faktor ist ein Kanal, mit seinem Namen als Beschreibung und seiner Art (continuous, categorical) in den Metadaten.</translation>
    </message>
    <message>
        <source>GeoTIFF, uint8, where 0 is nodata, with one band for each factor.</source>
        <translation>GeoTIFF, uint8, mit 0 als NoData und einem Kanal je Faktor.</translation>
    </message>
    <message>
        <source>Geometry of the track</source>
        <translation>Geometrie der Spur</translation>
    </message>
    <message>
        <source>Get points where the ground sinks, from a survey or from InSAR velocities.</source>
        <translation>Punkte beschaffen, an denen der Boden sinkt, aus einer Erhebung oder aus InSAR-Geschwindigkeiten.</translation>
    </message>
    <message>
        <source>Gets one class raster for each factor, named as the factor and styled with its labels. Empty: none are written.</source>
        <translation>Erhält je Faktor ein Klassenraster, nach dem Faktor benannt und mit seinen Beschriftungen dargestellt. Leer: es werden keine geschrieben.</translation>
    </message>
    <message>
        <source>Give either samples or a factor stack. A stack is read tile by tile: Pearson&apos;s coefficients and VIF come from all its complete cells exactly, Spearman&apos;s and the significance from a random draw of them.</source>
        <translation>Entweder Stichproben oder einen Faktorenstapel angeben. Ein Stapel wird kachelweise gelesen: Pearson-Koeffizienten und VIF stammen exakt aus allen vollständigen Zellen, die von Spearman und die Signifikanz aus einer Zufallsziehung davon.</translation>
    </message>
    <message>
        <source>Give one multi-band raster and the numbers of its bands, or one raster for each band; single rasters go first. All must lie on one grid.</source>
        <translation>Ein Mehrkanalraster mit den Nummern seiner Kanäle angeben oder ein Raster je Kanal; Einzelraster haben Vorrang. Alle müssen auf demselben Gitter liegen.</translation>
    </message>
    <message>
        <source>Grid search is that of the Hanoi paper. TPE is set as in the Rhineland paper: 50 trials, 20 of them random, the best quarter as the good ones (Bergstra et al. 2011). The search itself is done by Optuna (Akiba et al. 2019).</source>
        <translation>Die Rastersuche ist die des Hanoi-Artikels. TPE ist wie im Rheinland-Artikel eingestellt: 50 Versuche, davon 20 zufällig, das beste Viertel als die guten (Bergstra et al. 2011). Die Suche selbst übernimmt Optuna (Akiba et al. 2019).</translation>
    </message>
    <message>
        <source>Gridding often costs more accuracy than forecasting does, so forecasts should be scored at the points as well.</source>
        <translation>Das Rastern kostet oft mehr Genauigkeit als das Prognostizieren, daher sollten Prognosen auch an den Punkten bewertet werden.</translation>
    </message>
    <message>
        <source>Groups that do not vary at all cannot be tested and are reported so. Groups of one run, and the same runs under two names, are left out.</source>
        <translation>Gruppen ohne jede Streuung können nicht getestet werden und werden so gemeldet. Gruppen aus einem Lauf und dieselben Läufe unter zwei Namen werden ausgelassen.</translation>
    </message>
    <message>
        <source>Help</source>
        <translation>Hilfe</translation>
    </message>
    <message>
        <source>High</source>
        <translation>Hoch</translation>
    </message>
    <message>
        <source>High level × high spread</source>
        <translation>Hohe Stufe × hohe Streuung</translation>
    </message>
    <message>
        <source>High level × low spread</source>
        <translation>Hohe Stufe × geringe Streuung</translation>
    </message>
    <message>
        <source>High level × medium spread</source>
        <translation>Hohe Stufe × mittlere Streuung</translation>
    </message>
    <message>
        <source>Highest</source>
        <translation>Höchste</translation>
    </message>
    <message>
        <source>Highest learning rate of the optimizer (AdamW); it warms up and decays.</source>
        <translation>Höchste Lernrate des Optimierers (AdamW); sie steigt anfangs an und klingt dann ab.</translation>
    </message>
    <message>
        <source>Holds out whole folds (field fold of &apos;Extract samples&apos;) instead of single rows, which is stricter where samples stand close together.</source>
        <translation>Hält ganze Teilmengen zurück (Feld fold von &apos;Stichproben entnehmen&apos;) statt einzelner Zeilen, was strenger ist, wenn Stichproben dicht beieinanderliegen.</translation>
    </message>
    <message>
        <source>Hotspots of this forecast (km²)</source>
        <translation>Hotspots dieser Prognose (km²)</translation>
    </message>
    <message>
        <source>How far from the click the nearest point with a time series may lie</source>
        <translation>Wie weit vom Klick der nächste Punkt mit einer Zeitreihe liegen darf</translation>
    </message>
    <message>
        <source>How good a forecaster is, is told by the report of its training, which compares it with simple forecasts.</source>
        <translation>Wie gut ein Prognosemodell ist, sagt der Bericht seines Trainings, der es mit einfachen Prognosen vergleicht.</translation>
    </message>
    <message>
        <source>How the breaks of a continuous factor are found, where RULES says nothing of it.</source>
        <translation>Wie die Klassengrenzen eines kontinuierlichen Faktors bestimmt werden, wenn RULES nichts dazu enthält.</translation>
    </message>
    <message>
        <source>How the sequence of dates is read: by a recurrent network or by attention.</source>
        <translation>Wie die Folge der Termine gelesen wird: mit einem rekurrenten Netz oder mit Attention.</translation>
    </message>
    <message>
        <source>How to begin</source>
        <translation>Erste Schritte</translation>
    </message>
    <message>
        <source>How will it move? The deformation forecast</source>
        <translation>Wie wird er sich bewegen? Die Deformationsprognose</translation>
    </message>
    <message>
        <source>In a DEM in degrees, distances are taken in metres row by row. Elevation is in metres.</source>
        <translation>Bei einem DHM in Grad werden Entfernungen zeilenweise in Metern berechnet. Die Höhe ist in Metern.</translation>
    </message>
    <message>
        <source>In degrees. Flatter cells count as this steep in the TWI, which has no value at slope 0; it decides the highest TWI of plains. The slope band itself is not changed.</source>
        <translation>In Grad. Flachere Zellen gelten im TWI, der bei Neigung 0 keinen Wert hat, als so steil; dies bestimmt den höchsten TWI von Ebenen. Der Neigungskanal selbst bleibt unverändert.</translation>
    </message>
    <message>
        <source>In every fold the model is trained anew; the weights of a model file given for its recipe are not used. Scaling, categories, class weights, frequency ratios and early stopping see the training rows of the fold alone.</source>
        <translation>In jeder Teilmenge wird das Modell neu trainiert; die Gewichte einer Modelldatei, deren Rezept übernommen wird, bleiben ungenutzt. Skalierung, Kategorien, Klassengewichte, Häufigkeitsverhältnisse und vorzeitiges Beenden sehen allein die Trainingszeilen der Teilmenge.</translation>
    </message>
    <message>
        <source>In random folds every test row has training rows next to it. In spatial folds whole neighbourhoods are left out, as on a map of places without samples. The difference says how much a random split flatters. A network that does not beat the baselines has no case.</source>
        <translation>In zufälligen Teilmengen hat jede Testzeile Trainingszeilen neben sich. In räumlichen Teilmengen werden ganze Nachbarschaften ausgelassen, wie auf einer Karte von Orten ohne Stichproben. Der Unterschied zeigt, wie sehr eine zufällige Aufteilung schmeichelt. Ein Netz, das die Vergleichsmodelle nicht schlägt, hat keine Berechtigung.</translation>
    </message>
    <message>
        <source>In the runs table a run is a partition. Partitions share their rows, so that a test between runs says that the folds do not matter, not that other samples would agree.</source>
        <translation>In der Lauftabelle ist ein Lauf eine Partition. Partitionen haben gemeinsame Zeilen, sodass ein Test zwischen Läufen besagt, dass die Teilmengen keine Rolle spielen, nicht, dass andere Stichproben dasselbe ergäben.</translation>
    </message>
    <message>
        <source>InSAR mean velocity</source>
        <translation>Mittlere InSAR-Geschwindigkeit</translation>
    </message>
    <message>
        <source>Indices to write, each as a band. NDVI and SAVI use red and near infrared (NIR), NDWI green and NIR, NDBI shortwave infrared 1 (SWIR1) and NIR, MNDWI green and SWIR1.</source>
        <translation>Zu schreibende Indizes, jeder als Kanal. NDVI und SAVI verwenden Rot und nahes Infrarot (NIR), NDWI Grün und NIR, NDBI kurzwelliges Infrarot 1 (SWIR1) und NIR, MNDWI Grün und SWIR1.</translation>
    </message>
    <message>
        <source>Inner breaks of the method Manual in ascending order, in the factor&apos;s unit: two breaks, such as -0.05, 0.05, make three classes. They suit one factor; for several use RULES. Other methods do not use it.</source>
        <translation>Innere Grenzen der Methode Manuell in aufsteigender Reihenfolge, in der Einheit des Faktors: zwei Grenzen, etwa -0.05, 0.05, ergeben drei Klassen. Sie eignen sich für einen Faktor; für mehrere RULES verwenden. Andere Methoden verwenden sie nicht.</translation>
    </message>
    <message>
        <source>Inner breaks of the method Manual in ascending order, such as 0.2, 0.4, 0.6, 0.8 for five classes. Other methods do not use it.</source>
        <translation>Innere Grenzen der Methode Manuell in aufsteigender Reihenfolge, etwa 0.2, 0.4, 0.6, 0.8 für fünf Klassen. Andere Methoden verwenden sie nicht.</translation>
    </message>
    <message>
        <source>Inside</source>
        <translation>Innerhalb</translation>
    </message>
    <message>
        <source>Inspect panel</source>
        <translation>Abfragebedienfeld</translation>
    </message>
    <message>
        <source>Inspecting a place</source>
        <translation>Ort wird abgefragt</translation>
    </message>
    <message>
        <source>Inventory: points, multipoints or polygons of subsidence. Of a layer with a field &apos;label&apos; only features of label 1 count.</source>
        <translation>Inventar: Punkte, Multipunkte oder Polygone der Senkung. Bei einem Layer mit einem Feld &apos;label&apos; zählen nur Objekte mit Label 1.</translation>
    </message>
    <message>
        <source>Inverse penalty of the logistic regression (scikit-learn&apos;s C): smaller values pull the coefficients towards 0, the default practically not.</source>
        <translation>Inverse Regularisierungsstärke der logistischen Regression (C von scikit-learn): kleinere Werte ziehen die Koeffizienten gegen 0, die Vorgabe praktisch nicht.</translation>
    </message>
    <message>
        <source>It takes the same samples as the algorithms that train networks and writes the same kind of model file, so that maps, validation and explanation work alike. It learns from the rows whose field split is train; validation and test rows are only reported. Random forest and gradient boosting are those of the package scikit-learn.</source>
        <translation>Verwendet dieselben Stichproben wie die Algorithmen, die Netze trainieren, und schreibt dieselbe Art von Modelldatei, sodass Karten, Validierung und Erklärung gleich funktionieren. Gelernt wird aus den Zeilen, deren Feld split train ist; Validierungs- und Testzeilen werden nur berichtet. Random Forest und Gradient Boosting stammen aus dem Paket scikit-learn.</translation>
    </message>
    <message>
        <source>It works tile by tile, so that rasters of any size fit into memory.</source>
        <translation>Arbeitet kachelweise, sodass Raster jeder Größe in den Speicher passen.</translation>
    </message>
    <message>
        <source>Land subsidence</source>
        <translation>Landsenkung</translation>
    </message>
    <message>
        <source>Land subsidence at {place}</source>
        <translation>Landsenkung bei {place}</translation>
    </message>
    <message>
        <source>Land subsidence: example area</source>
        <translation>Landsenkung: Beispielgebiet</translation>
    </message>
    <message>
        <source>Land subsidence: help</source>
        <translation>Landsenkung: Hilfe</translation>
    </message>
    <message>
        <source>Large errors cluster (1 % false discoveries)</source>
        <translation>Große Fehler gehäuft (1 % falsche Entdeckungen)</translation>
    </message>
    <message>
        <source>Large errors cluster (5 % false discoveries)</source>
        <translation>Große Fehler gehäuft (5 % falsche Entdeckungen)</translation>
    </message>
    <message>
        <source>Largest standard error of a value: {error}.</source>
        <translation>Größter Standardfehler eines Werts: {error}.</translation>
    </message>
    <message>
        <source>Largest |base value + sum − prediction|</source>
        <translation>Größtes |Basiswert + Summe − Vorhersage|</translation>
    </message>
    <message>
        <source>Layer made by it</source>
        <translation>Damit erzeugter Layer</translation>
    </message>
    <message>
        <source>Layer of &apos;Extract samples&apos;: the fields label (1 subsidence, 0 none), split (train, validation or test) and one numeric field for each factor. Incomplete rows are left out.</source>
        <translation>Layer von &apos;Stichproben entnehmen&apos;: die Felder label (1 Senkung, 0 keine), split (train, validation oder test) und ein numerisches Feld je Faktor. Unvollständige Zeilen werden ausgelassen.</translation>
    </message>
    <message>
        <source>Least distance between two absence points, in map units of the inventory (metres where its CRS is in degrees); 0 for none.</source>
        <translation>Mindestabstand zwischen zwei Abwesenheitspunkten, in Karteneinheiten des Inventars (Meter, wenn sein KBS in Grad ist); 0 für keinen.</translation>
    </message>
    <message>
        <source>Least distance of absence points from subsidence, in map units of the inventory (metres where its CRS is in degrees); 0 for none.</source>
        <translation>Mindestabstand der Abwesenheitspunkte zur Senkung, in Karteneinheiten des Inventars (Meter, wenn sein KBS in Grad ist); 0 für keinen.</translation>
    </message>
    <message>
        <source>Least distance to any subsidence, in map units of the inventory (metres where its CRS is in degrees); 0 for none.</source>
        <translation>Mindestabstand zu jeder Senkung, in Karteneinheiten des Inventars (Meter, wenn sein KBS in Grad ist); 0 für keinen.</translation>
    </message>
    <message>
        <source>Least number of points of each track in a cell; cells with fewer are left out.</source>
        <translation>Mindestzahl der Punkte jeder Spur in einer Zelle; Zellen mit weniger werden ausgelassen.</translation>
    </message>
    <message>
        <source>Left out</source>
        <translation>Ausgelassen</translation>
    </message>
    <message>
        <source>Level</source>
        <translation>Stufe</translation>
    </message>
    <message>
        <source>Level by spread</source>
        <translation>Stufe nach Streuung</translation>
    </message>
    <message>
        <source>Levels of the ensemble</source>
        <translation>Stufen des Ensembles</translation>
    </message>
    <message>
        <source>Lines and areas</source>
        <translation>Linien und Flächen</translation>
    </message>
    <message>
        <source>Lists the Python packages that the plugin uses, with version and folder, says which are missing, too old or broken, and names the device (GPU or CPU) on which networks will be computed.</source>
        <translation>Listet die von der Erweiterung verwendeten Python-Pakete mit Version und Ordner auf, meldet fehlende, zu alte oder defekte und nennt das Gerät (GPU oder CPU), auf dem Netze berechnet werden.</translation>
    </message>
    <message>
        <source>Loading runs no code of the file, so a file from an unknown source does no harm. A damaged file is named as such.</source>
        <translation>Beim Laden wird kein Code der Datei ausgeführt, sodass eine Datei unbekannter Herkunft keinen Schaden anrichtet. Eine beschädigte Datei wird als solche benannt.</translation>
    </message>
    <message>
        <source>Low</source>
        <translation>Niedrig</translation>
    </message>
    <message>
        <source>Low level × high spread</source>
        <translation>Niedrige Stufe × hohe Streuung</translation>
    </message>
    <message>
        <source>Low level × low spread</source>
        <translation>Niedrige Stufe × geringe Streuung</translation>
    </message>
    <message>
        <source>Low level × medium spread</source>
        <translation>Niedrige Stufe × mittlere Streuung</translation>
    </message>
    <message>
        <source>Lower end of the prediction interval, one band for each future date, in mm. Needs a forecaster with calibrated intervals.</source>
        <translation>Untere Grenze des Prognoseintervalls, ein Kanal je künftigem Termin, in mm. Erfordert ein Prognosemodell mit kalibrierten Intervallen.</translation>
    </message>
    <message>
        <source>Make it anew</source>
        <translation>Neu erzeugen</translation>
    </message>
    <message>
        <source>Makes a synthetic delta area whose truth is known: the 19 conditioning factors of the Hanoi paper, an inventory of subsidence points and vertical InSAR time series, to try and test the whole plugin.</source>
        <translation>Erzeugt ein synthetisches Deltagebiet, dessen Wahrheit bekannt ist: die 19 Einflussfaktoren des Hanoi-Artikels, ein Inventar von Senkungspunkten und vertikale InSAR-Zeitreihen, um die gesamte Erweiterung auszuprobieren und zu testen.</translation>
    </message>
    <message>
        <source>Makes an invented area of hills, rivers and towns where the ground sinks for known reasons: 19 conditioning factors, points where it sinks, InSAR time series, and the true probability, so that you can see how near a map comes to the truth.</source>
        <translation>Erzeugt ein erfundenes Gebiet mit Hügeln, Flüssen und Städten, in dem der Boden aus bekannten Gründen sinkt: 19 Einflussfaktoren, Punkte, an denen er sinkt, InSAR-Zeitreihen und die wahre Wahrscheinlichkeit, an der sich zeigt, wie nahe eine Karte der Wahrheit kommt.</translation>
    </message>
    <message>
        <source>Makes terrain factors from a digital elevation model (DEM): elevation, slope, aspect, curvature and the topographic wetness index (TWI), as the bands of one factor stack.</source>
        <translation>Erzeugt Geländefaktoren aus einem digitalen Höhenmodell (DHM): Höhe, Neigung, Exposition, Krümmung und den topographischen Feuchteindex (TWI), als Kanäle eines Faktorenstapels.</translation>
    </message>
    <message>
        <source>Makes vegetation, water and built-up indices from the bands of Landsat or another satellite: one multi-band raster with the bands ndvi, ndwi, ndbi, mndwi and savi, as chosen.</source>
        <translation>Erzeugt Vegetations-, Wasser- und Bebauungsindizes aus den Kanälen von Landsat oder einem anderen Satelliten: ein Mehrkanalraster mit den Kanälen ndvi, ndwi, ndbi, mndwi und savi, je nach Auswahl.</translation>
    </message>
    <message>
        <source>Making the area …</source>
        <translation>Gebiet wird erzeugt …</translation>
    </message>
    <message>
        <source>Maximum distance (map units)</source>
        <translation>Höchstabstand (Karteneinheiten)</translation>
    </message>
    <message>
        <source>Measures a model on rows that it was not trained on, in random folds and in spatial folds side by side, and measures baselines in the very same folds.</source>
        <translation>Misst ein Modell an Zeilen, auf denen es nicht trainiert wurde, in zufälligen und räumlichen Teilmengen nebeneinander, und misst Vergleichsmodelle in genau denselben Teilmengen.</translation>
    </message>
    <message>
        <source>Median over the members, one band for each future date, in mm since the first date of the stack (float32); nodata where the stack has too few values.</source>
        <translation>Median über die Mitglieder, ein Kanal je künftigem Termin, in mm seit dem ersten Termin des Stapels (float32); NoData, wo der Stapel zu wenige Werte hat.</translation>
    </message>
    <message>
        <source>Median pruning: after a warm-up ({warm_up}) a trial that does worse than the median of the trials before it at the same point is ended. It saves time; slow learners may be lost.</source>
        <translation>Median-Pruning: nach einer Anlaufphase ({warm_up}) wird ein Versuch beendet, der schlechter ist als der Median der vorherigen Versuche an derselben Stelle. Das spart Zeit; langsam Lernende können verloren gehen.</translation>
    </message>
    <message>
        <source>Medium</source>
        <translation>Mittel</translation>
    </message>
    <message>
        <source>Medium level × high spread</source>
        <translation>Mittlere Stufe × hohe Streuung</translation>
    </message>
    <message>
        <source>Medium level × low spread</source>
        <translation>Mittlere Stufe × geringe Streuung</translation>
    </message>
    <message>
        <source>Medium level × medium spread</source>
        <translation>Mittlere Stufe × mittlere Streuung</translation>
    </message>
    <message>
        <source>Medium: 600 × 500 cells, 25 MB, some seconds</source>
        <translation>Mittel: 600 × 500 Zellen, 25 MB, einige Sekunden</translation>
    </message>
    <message>
        <source>Members count as equally likely. The shares are probabilities only as far as the ensemble covers what can happen; an ensemble of similar models agrees too readily.</source>
        <translation>Mitglieder gelten als gleich wahrscheinlich. Die Anteile sind nur so weit Wahrscheinlichkeiten, wie das Ensemble das Mögliche abdeckt; ein Ensemble ähnlicher Modelle ist sich zu leicht einig.</translation>
    </message>
    <message>
        <source>Members of the forecast</source>
        <translation>Mitglieder der Prognose</translation>
    </message>
    <message>
        <source>Memory does not grow with the rasters.</source>
        <translation>Der Speicherbedarf wächst nicht mit den Rastern.</translation>
    </message>
    <message>
        <source>Model bias: check data</source>
        <translation>Modellbias: Daten prüfen</translation>
    </message>
    <message>
        <source>Model file with the best TOP trials as members of one ensemble, for &apos;Forecast deformation&apos;.</source>
        <translation>Modelldatei mit den besten TOP Versuchen als Mitglieder eines Ensembles, für &apos;Deformation prognostizieren&apos;.</translation>
    </message>
    <message>
        <source>Model file with the trained networks and their description, for &apos;Forecast deformation&apos;.</source>
        <translation>Modelldatei mit den trainierten Netzen und ihrer Beschreibung, für &apos;Deformation prognostizieren&apos;.</translation>
    </message>
    <message>
        <source>Model files (*.safetensors)</source>
        <translation>Modelldateien (*.safetensors)</translation>
    </message>
    <message>
        <source>Moderate</source>
        <translation>Mäßig</translation>
    </message>
    <message>
        <source>Names from the column metric with commas between them, for example AUC, Kappa; &apos;all&apos; takes all that the groups have in common. Every metric adds comparisons, which makes each harder to prove. Empty: those of AUC, ACC, Kappa, RMSE, MAE and R2 that there are.</source>
        <translation>Namen aus der Spalte metric, durch Kommas getrennt, zum Beispiel AUC, Kappa; &apos;all&apos; verwendet alle, die die Gruppen gemeinsam haben. Jede Metrik fügt Vergleiche hinzu, wodurch jeder einzelne schwerer nachzuweisen ist. Leer: die vorhandenen unter AUC, ACC, Kappa, RMSE, MAE und R2.</translation>
    </message>
    <message>
        <source>Names of factors or covariates</source>
        <translation>Namen von Faktoren oder Kovariaten</translation>
    </message>
    <message>
        <source>Needed for a forecaster trained with covariates: a raster on the grid of the stack whose bands have the names of these covariates. Empty: none.</source>
        <translation>Für ein mit Kovariaten trainiertes Prognosemodell erforderlich: ein Raster auf dem Gitter des Stapels, dessen Kanäle die Namen dieser Kovariaten haben. Leer: keines.</translation>
    </message>
    <message>
        <source>Needed for the two rasters only; bands are matched to the model&apos;s factors by name. To save time, clip it to the area of interest or resample it before. Empty: no rasters.</source>
        <translation>Nur für die beiden Raster erforderlich; Kanäle werden den Faktoren des Modells über den Namen zugeordnet. Um Zeit zu sparen, vorher auf das interessierende Gebiet zuschneiden oder gröber abtasten. Leer: keine Raster.</translation>
    </message>
    <message>
        <source>Networks take class codes as ordered numbers, so each band is marked &lt;i&gt;kind=continuous, ordinal=yes&lt;/i&gt;. What it was before stands in &lt;i&gt;source_kind&lt;/i&gt;, its rule in &lt;i&gt;rule&lt;/i&gt;. To train on categories without an order, train on the factor stack.</source>
        <translation>Netze verstehen Klassencodes als geordnete Zahlen, daher ist jeder Kanal mit &lt;i&gt;kind=continuous, ordinal=yes&lt;/i&gt; gekennzeichnet. Was er vorher war, steht in &lt;i&gt;source_kind&lt;/i&gt;, seine Regel in &lt;i&gt;rule&lt;/i&gt;. Um auf Kategorien ohne Reihenfolge zu trainieren, auf dem Faktorenstapel trainieren.</translation>
    </message>
    <message>
        <source>New here? Choose &lt;b&gt;Plugins ▸ Land subsidence ▸ Open example project…&lt;/b&gt;: it makes a small area whose truth is known and opens it as a map. Then run {susceptibility} or {forecast}: each goes the whole way by itself, with one dialog.</source>
        <translation>Neu hier? &lt;b&gt;Erweiterungen ▸ Land subsidence ▸ Beispielprojekt öffnen…&lt;/b&gt; wählen: es wird ein kleines Gebiet mit bekannter Wahrheit erzeugt und als Karte geöffnet. Dann {susceptibility} oder {forecast} ausführen: jeder Arbeitsablauf geht den ganzen Weg von selbst, mit einem Dialog.</translation>
    </message>
    <message>
        <source>No cluster</source>
        <translation>Keine Häufung</translation>
    </message>
    <message>
        <source>No layer of this plugin has a value here. Results are recognised by their metadata, time series by their fields of dates (DYYYYMMDD).</source>
        <translation>Kein Layer dieser Erweiterung hat hier einen Wert. Ergebnisse werden an ihren Metadaten erkannt, Zeitreihen an ihren Terminfeldern (DYYYYMMDD).</translation>
    </message>
    <message>
        <source>No subsidence</source>
        <translation>Keine Senkung</translation>
    </message>
    <message>
        <source>No subsidence, test</source>
        <translation>Keine Senkung, Test</translation>
    </message>
    <message>
        <source>No subsidence, training</source>
        <translation>Keine Senkung, Training</translation>
    </message>
    <message>
        <source>No subsidence, validation</source>
        <translation>Keine Senkung, Validierung</translation>
    </message>
    <message>
        <source>Number of absence points</source>
        <translation>Anzahl der Abwesenheitspunkte</translation>
    </message>
    <message>
        <source>Number of cells</source>
        <translation>Anzahl der Zellen</translation>
    </message>
    <message>
        <source>Number of classes of each factor</source>
        <translation>Anzahl der Klassen jedes Faktors</translation>
    </message>
    <message>
        <source>Number of classes of each factor, for the methods Jenks, quantile, equal interval and standard deviation.</source>
        <translation>Anzahl der Klassen jedes Faktors, für die Methoden Jenks, Quantile, gleiches Intervall und Standardabweichung.</translation>
    </message>
    <message>
        <source>Number of classes; the methods Manual and Breaks of the Hanoi paper do not use it.</source>
        <translation>Anzahl der Klassen; die Methoden Manuell und Klassengrenzen des Hanoi-Artikels verwenden sie nicht.</translation>
    </message>
    <message>
        <source>Number of dates</source>
        <translation>Anzahl der Termine</translation>
    </message>
    <message>
        <source>Number of finished trials (completed or pruned) in all; those of earlier runs of the study and of other computers count. A grid ends with its last combination.</source>
        <translation>Gesamtzahl abgeschlossener Versuche (vollständig oder abgebrochen); die aus früheren Läufen der Studie und von anderen Rechnern zählen mit. Eine Rastersuche endet mit ihrer letzten Kombination.</translation>
    </message>
    <message>
        <source>Number of folds for cross-validation, in the field &apos;fold&apos; (1, 2, …), made by the same method as the split.</source>
        <translation>Anzahl der Teilmengen für die Kreuzvalidierung, im Feld &apos;fold&apos; (1, 2, …), mit derselben Methode wie die Aufteilung gebildet.</translation>
    </message>
    <message>
        <source>Number of folds trained at the same time, each in a process of its own with one thread; at most as many as there are processor cores. The result is the same with any number.</source>
        <translation>Anzahl der gleichzeitig trainierten Teilmengen, jede in einem eigenen Prozess mit einem Thread; höchstens so viele, wie Prozessorkerne vorhanden sind. Das Ergebnis ist bei jeder Anzahl dasselbe.</translation>
    </message>
    <message>
        <source>Number of future dates</source>
        <translation>Anzahl künftiger Termine</translation>
    </message>
    <message>
        <source>Number of models to train, with the seeds SEED, SEED + 1 and so on. All go into the model file as an ensemble: prediction takes their mean and can write their spread.</source>
        <translation>Anzahl der zu trainierenden Modelle, mit den Startwerten SEED, SEED + 1 und so weiter. Alle kommen als Ensemble in die Modelldatei: die Vorhersage verwendet ihr Mittel und kann ihre Streuung schreiben.</translation>
    </message>
    <message>
        <source>Number of natural-breaks (Jenks) classes of each continuous factor.</source>
        <translation>Anzahl der Klassen nach natürlichen Unterbrechungen (Jenks) für jeden kontinuierlichen Faktor.</translation>
    </message>
    <message>
        <source>Number of pairs above the threshold</source>
        <translation>Anzahl der Paare über dem Schwellenwert</translation>
    </message>
    <message>
        <source>Number of parts of the samples; each is left out once.</source>
        <translation>Anzahl der Teile der Stichproben; jeder wird einmal ausgelassen.</translation>
    </message>
    <message>
        <source>Number of points</source>
        <translation>Anzahl der Punkte</translation>
    </message>
    <message>
        <source>Number of stable points</source>
        <translation>Anzahl der stabilen Punkte</translation>
    </message>
    <message>
        <source>Number of the best trials that become the members of ENSEMBLE.</source>
        <translation>Anzahl der besten Versuche, die Mitglieder von ENSEMBLE werden.</translation>
    </message>
    <message>
        <source>Number of the green band</source>
        <translation>Nummer des grünen Kanals</translation>
    </message>
    <message>
        <source>Number of the near infrared band</source>
        <translation>Nummer des Kanals im nahen Infrarot</translation>
    </message>
    <message>
        <source>Number of the red band</source>
        <translation>Nummer des roten Kanals</translation>
    </message>
    <message>
        <source>Number of the shortwave infrared band 1</source>
        <translation>Nummer des Kanals im kurzwelligen Infrarot 1</translation>
    </message>
    <message>
        <source>Number of times that the best trial is trained in the end, with the seeds SEED, SEED + 1 and so on. All go into the model file as an ensemble, and each into the runs table.</source>
        <translation>Wie oft der beste Versuch am Ende trainiert wird, mit den Startwerten SEED, SEED + 1 und so weiter. Alle kommen als Ensemble in die Modelldatei und jeder in die Lauftabelle.</translation>
    </message>
    <message>
        <source>Number of times that the samples are cut into folds, with the seeds SEED, SEED + 1 and so on. Each model is trained partitions × folds × 2 times.</source>
        <translation>Wie oft die Stichproben in Teilmengen zerlegt werden, mit den Startwerten SEED, SEED + 1 und so weiter. Jedes Modell wird Partitionen × Teilmengen × 2 Mal trainiert.</translation>
    </message>
    <message>
        <source>Number of training samples</source>
        <translation>Anzahl der Trainingsstichproben</translation>
    </message>
    <message>
        <source>Number of validation samples</source>
        <translation>Anzahl der Validierungsstichproben</translation>
    </message>
    <message>
        <source>Numeric field with 1 for subsidence and 0 for none. Empty: label.</source>
        <translation>Numerisches Feld mit 1 für Senkung und 0 für keine. Leer: label.</translation>
    </message>
    <message>
        <source>Numeric field with the fold of every sample, where the spatial folds come from a field. Empty: fold.</source>
        <translation>Numerisches Feld mit der Teilmenge jeder Stichprobe, wenn die räumlichen Teilmengen aus einem Feld stammen. Leer: fold.</translation>
    </message>
    <message>
        <source>Of a GPU the memory is told, of a CPU the number of cores, and of both whether bfloat16 is fast there.</source>
        <translation>Bei einer GPU wird der Speicher genannt, bei einer CPU die Anzahl der Kerne und bei beiden, ob bfloat16 dort schnell ist.</translation>
    </message>
    <message>
        <source>Of a susceptibility model the log lists the factors with their kinds and ranges in training, the number of rows and the metrics. Of a forecaster it lists window, horizon, dates, the skill beside the simple forecasts, and the calibrated intervals.</source>
        <translation>Bei einem Suszeptibilitätsmodell nennt das Protokoll die Faktoren mit Art und Bereich im Training, die Anzahl der Zeilen und die Metriken. Bei einem Prognosemodell nennt es Fenster, Horizont, Termine, die Güte neben den einfachen Prognosen und die kalibrierten Intervalle.</translation>
    </message>
    <message>
        <source>Of grids beyond 192 × 192 cells, tiles drawn at random are used as far as memory allows.</source>
        <translation>Bei Gittern über 192 × 192 Zellen werden zufällig gezogene Kacheln verwendet, soweit der Speicher es erlaubt.</translation>
    </message>
    <message>
        <source>Of several rasters of several bands (the steps of forecasts) the band to take of each. Empty: the rasters have one band, or one raster has one band for each member.</source>
        <translation>Bei mehreren Rastern mit mehreren Kanälen (den Schritten von Prognosen) der jeweils zu verwendende Kanal. Leer: die Raster haben einen Kanal, oder ein Raster hat einen Kanal je Mitglied.</translation>
    </message>
    <message>
        <source>Of susceptibility the probability takes the place of |d|.</source>
        <translation>Bei Suszeptibilität tritt die Wahrscheinlichkeit an die Stelle von |d|.</translation>
    </message>
    <message>
        <source>On the members of &lt;i&gt;Forecast deformation&lt;/i&gt; or &lt;i&gt;Predict susceptibility&lt;/i&gt;, or on any two or more rasters on one grid. Next: &lt;i&gt;Monitoring priority&lt;/i&gt;.</source>
        <translation>Auf den Mitgliedern von &lt;i&gt;Deformation prognostizieren&lt;/i&gt; oder &lt;i&gt;Suszeptibilität vorhersagen&lt;/i&gt; oder auf beliebigen zwei oder mehr Rastern mit gleichem Gitter. Danach: &lt;i&gt;Überwachungspriorität&lt;/i&gt;.</translation>
    </message>
    <message>
        <source>One band every so many days from the first date on, interpolated in time where there is no acquisition. Empty: the bands are the dates of the layer.</source>
        <translation>Ein Kanal alle so viele Tage ab dem ersten Termin, zeitlich interpoliert, wo keine Aufnahme vorliegt. Leer: die Kanäle sind die Termine des Layers.</translation>
    </message>
    <message>
        <source>One band for each factor (float32); needs FACTORS. Base value (in the metadata) and bands add up to the prediction at every pixel.</source>
        <translation>Ein Kanal je Faktor (float32); erfordert FACTORS. Basiswert (in den Metadaten) und Kanäle summieren sich an jedem Pixel zur Vorhersage.</translation>
    </message>
    <message>
        <source>One band for each forecast: 1 small errors cluster, 2 no cluster, 3 and 4 large errors cluster (at most 5 and 1 % false discoveries); 0 is nodata.</source>
        <translation>Ein Kanal je Prognose: 1 kleine Fehler gehäuft, 2 keine Häufung, 3 und 4 große Fehler gehäuft (höchstens 5 und 1 % falsche Entdeckungen); 0 ist NoData.</translation>
    </message>
    <message>
        <source>One band for each level: the share of the members in it. The bands sum to 1.</source>
        <translation>Ein Kanal je Stufe: der Anteil der Mitglieder darin. Die Kanäle summieren sich zu 1.</translation>
    </message>
    <message>
        <source>One band for each member at the date of STEP, in mm: the input of &apos;Ensemble uncertainty&apos;.</source>
        <translation>Ein Kanal je Mitglied am Termin von STEP, in mm: die Eingabe von &apos;Ensembleunsicherheit&apos;.</translation>
    </message>
    <message>
        <source>One band for each quantile (P85, P95, P99): the share of the members, 0 to 1, that reach it.</source>
        <translation>Ein Kanal je Quantil (P85, P95, P99): der Anteil der Mitglieder, 0 bis 1, die es erreichen.</translation>
    </message>
    <message>
        <source>One name=value in each line (or after a comma); what is left out keeps its default, given here with the range. {hyperparameters}; training: {settings}. Empty: all defaults.</source>
        <translation>Ein name=Wert je Zeile (oder nach einem Komma); was fehlt, behält seine Vorgabe, hier mit dem Bereich angegeben. {hyperparameters}; Training: {settings}. Leer: alles Vorgaben.</translation>
    </message>
    <message>
        <source>One or several rasters in mm with one band for each date (the output of &apos;Forecast deformation&apos;, or bands named 2024-06-30), or with a single band. The names of the layers name the forecasts.</source>
        <translation>Ein oder mehrere Raster in mm mit einem Kanal je Termin (die Ausgabe von &apos;Deformation prognostizieren&apos; oder Kanäle namens 2024-06-30) oder mit einem einzelnen Kanal. Die Namen der Layer benennen die Prognosen.</translation>
    </message>
    <message>
        <source>One or several tables with the columns model, configuration, seed, split, metric and value: the output RUNS of the training and tuning algorithms (GPKG or CSV).</source>
        <translation>Eine oder mehrere Tabellen mit den Spalten model, configuration, seed, split, metric und value: die Ausgabe RUNS der Trainings- und Abstimmungsalgorithmen (GPKG oder CSV).</translation>
    </message>
    <message>
        <source>One point layer (of at most 1,500 points) and one raster are visible. The other layers are switched off; switch on what the map shall show.</source>
        <translation>Ein Punktlayer (mit höchstens 1500 Punkten) und ein Raster sind sichtbar. Die übrigen Layer sind ausgeschaltet; einschalten, was die Karte zeigen soll.</translation>
    </message>
    <message>
        <source>One raster with one band for each member (the output MEMBERS), or several rasters of one band each, all on the same grid.</source>
        <translation>Ein Raster mit einem Kanal je Mitglied (die Ausgabe MEMBERS) oder mehrere Raster mit je einem Kanal, alle auf demselben Gitter.</translation>
    </message>
    <message>
        <source>Open example project</source>
        <translation>Beispielprojekt öffnen</translation>
    </message>
    <message>
        <source>Open example project…</source>
        <translation>Beispielprojekt öffnen…</translation>
    </message>
    <message>
        <source>Open it</source>
        <translation>Öffnen</translation>
    </message>
    <message>
        <source>Open my copy</source>
        <translation>Meine Kopie öffnen</translation>
    </message>
    <message>
        <source>Open this tool…</source>
        <translation>Dieses Werkzeug öffnen…</translation>
    </message>
    <message>
        <source>Other folds</source>
        <translation>Andere Teilmengen</translation>
    </message>
    <message>
        <source>Other maps</source>
        <translation>Andere Karten</translation>
    </message>
    <message>
        <source>Outside: the model extrapolates</source>
        <translation>Außerhalb: das Modell extrapoliert</translation>
    </message>
    <message>
        <source>P means that the exceedance probability is high, R that the size of the residual is high, U that the spread is high. Each is high from its own quantile on, over the cells valid in all rasters, and above its minimum. Low spread is by default the lowest third, as in the bivariate map.</source>
        <translation>P bedeutet, dass die Überschreitungswahrscheinlichkeit hoch ist, R, dass der Betrag des Residuums hoch ist, U, dass die Streuung hoch ist. Hoch heißt jeweils: ab dem eigenen Quantil über die in allen Rastern gültigen Zellen und über dem Minimum. Geringe Streuung ist standardmäßig das unterste Drittel, wie in der bivariaten Karte.</translation>
    </message>
    <message>
        <source>Pairs whose |Pearson&apos;s r| is larger are listed in the log and framed in the report.</source>
        <translation>Paare mit größerem |r| nach Pearson werden im Protokoll aufgeführt und im Bericht umrahmt.</translation>
    </message>
    <message>
        <source>Pairs without a baseline</source>
        <translation>Paare ohne Referenz</translation>
    </message>
    <message>
        <source>Part of the samples to explain, by the split field; without one all rows are explained.</source>
        <translation>Zu erklärender Teil der Stichproben nach dem Feld der Aufteilung; ohne ein solches werden alle Zeilen erklärt.</translation>
    </message>
    <message>
        <source>Passes over the training rows in a network&apos;s trial; early stopping usually ends before.</source>
        <translation>Durchläufe über die Trainingszeilen im Versuch eines Netzes; vorzeitiges Beenden hält meist früher an.</translation>
    </message>
    <message>
        <source>Paths of layers are relative, so the project can be moved together with its data.</source>
        <translation>Layerpfade sind relativ, sodass das Projekt zusammen mit seinen Daten verschoben werden kann.</translation>
    </message>
    <message>
        <source>Percentage of the cells that are not high: with 85, the highest 15 % of the cells of each raster are high.</source>
        <translation>Prozentsatz der Zellen, die nicht hoch sind: bei 85 sind die höchsten 15 % der Zellen jedes Rasters hoch.</translation>
    </message>
    <message>
        <source>Percentage of the cells whose spread is low, at most QUANTILE. The same value as QUANTILE makes every spread that is not high a low one; class 4 is then empty without LEVELS.</source>
        <translation>Prozentsatz der Zellen mit geringer Streuung, höchstens QUANTILE. Derselbe Wert wie QUANTILE macht jede nicht hohe Streuung zu einer geringen; Klasse 4 ist dann ohne LEVELS leer.</translation>
    </message>
    <message>
        <source>Percentage of the true values that shall lie between LOWER and UPPER. The calibration of a forecaster usually reaches from 50 to 98 %.</source>
        <translation>Prozentsatz der wahren Werte, die zwischen LOWER und UPPER liegen sollen. Die Kalibrierung eines Prognosemodells reicht meist von 50 bis 98 %.</translation>
    </message>
    <message>
        <source>Pick a place</source>
        <translation>Ort auswählen</translation>
    </message>
    <message>
        <source>Points are thinned to a least distance, or to one a cell. Of points too near to each other the one of the best quality stays; without a quality field the one that moves most, and of stable points the one that moves least.</source>
        <translation>Punkte werden auf einen Mindestabstand oder auf einen je Zelle ausgedünnt. Von zu nahen Punkten bleibt der mit der besten Qualität; ohne Qualitätsfeld der mit der größten Bewegung und von stabilen Punkten der mit der geringsten.</translation>
    </message>
    <message>
        <source>Points drawn where the ground subsides. Empty: 4,698, as in the paper, from 2000 × 1500 cells on; below in proportion to the side of the area, at least 400.</source>
        <translation>Punkte, die dort gezogen werden, wo der Boden sinkt. Leer: 4698 wie im Artikel ab 2000 × 1500 Zellen; darunter proportional zur Seitenlänge des Gebiets, mindestens 400.</translation>
    </message>
    <message>
        <source>Points lie above susceptibility classes, these above probability, and factors lie below. A layer that is open keeps its style; another takes that of the .qml file beside it.</source>
        <translation>Punkte liegen über Suszeptibilitätsklassen, diese über der Wahrscheinlichkeit, und Faktoren liegen darunter. Ein geöffneter Layer behält seinen Stil; ein anderer übernimmt den der .qml-Datei daneben.</translation>
    </message>
    <message>
        <source>Points or a table with one numeric field for each factor of every model (matched by name), a label and a split.</source>
        <translation>Punkte oder eine Tabelle mit einem numerischen Feld für jeden Faktor jedes Modells (über den Namen zugeordnet), einem Label und einer Aufteilung.</translation>
    </message>
    <message>
        <source>Points outside the stack, points where a factor has no data, and further points in the same cell are dropped and counted in the log. Polygons become the cells that they cover.</source>
        <translation>Punkte außerhalb des Stapels, Punkte ohne Daten in einem Faktor und weitere Punkte in derselben Zelle werden verworfen und im Protokoll gezählt. Polygone werden zu den Zellen, die sie bedecken.</translation>
    </message>
    <message>
        <source>Points that a cell needs</source>
        <translation>Punkte, die eine Zelle benötigt</translation>
    </message>
    <message>
        <source>Points with a field DYYYYMMDD for each date, in mm, as &apos;Import InSAR time series&apos; writes them.</source>
        <translation>Punkte mit einem Feld DYYYYMMDD je Termin, in mm, wie sie &apos;InSAR-Zeitreihen importieren&apos; schreibt.</translation>
    </message>
    <message>
        <source>Points with a numeric field for each date, in mm and in any order, named D20200103 (or 20200103, 2020-01-03).</source>
        <translation>Punkte mit einem numerischen Feld je Termin, in mm und in beliebiger Reihenfolge, mit Namen wie D20200103 (oder 20200103, 2020-01-03).</translation>
    </message>
    <message>
        <source>Points with a velocity, best the vertical one.</source>
        <translation>Punkte mit einer Geschwindigkeit, am besten der vertikalen.</translation>
    </message>
    <message>
        <source>Points with label 0, to be given to &apos;Absence points&apos; as candidates.</source>
        <translation>Punkte mit Label 0, als Kandidaten für &apos;Abwesenheitspunkte&apos;.</translation>
    </message>
    <message>
        <source>Points with label 1, for &apos;Absence points&apos;.</source>
        <translation>Punkte mit Label 1, für &apos;Abwesenheitspunkte&apos;.</translation>
    </message>
    <message>
        <source>Points with label, split, fold and one field for each factor.</source>
        <translation>Punkte mit label, split, fold und einem Feld je Faktor.</translation>
    </message>
    <message>
        <source>Points with the columns of the table and one field for each date (mm). A shapefile is refused, since it cuts field names. Only GPKG keeps the metadata.</source>
        <translation>Punkte mit den Spalten der Tabelle und einem Feld je Termin (mm). Ein Shapefile wird abgelehnt, da es Feldnamen kürzt. Nur GPKG bewahrt die Metadaten.</translation>
    </message>
    <message>
        <source>Points with the east displacement (mm), one field for each date.</source>
        <translation>Punkte mit der Verschiebung nach Osten (mm), ein Feld je Termin.</translation>
    </message>
    <message>
        <source>Points with the field label: 1 for subsidence, 0 for absence.</source>
        <translation>Punkte mit dem Feld label: 1 für Senkung, 0 für Abwesenheit.</translation>
    </message>
    <message>
        <source>Points with the vertical displacement (mm), one field for each date.</source>
        <translation>Punkte mit der vertikalen Verschiebung (mm), ein Feld je Termin.</translation>
    </message>
    <message>
        <source>Points within</source>
        <translation>Punkte innerhalb von</translation>
    </message>
    <message>
        <source>Points, multipoints or polygons in any CRS. Every cell whose centre lies inside a polygon becomes a sample, and at least one cell for each polygon.</source>
        <translation>Punkte, Multipunkte oder Polygone in beliebigem KBS. Jede Zelle, deren Mittelpunkt in einem Polygon liegt, wird eine Stichprobe, mindestens eine Zelle je Polygon.</translation>
    </message>
    <message>
        <source>Polygons of subsidence become points on a square grid this far apart, in map units of the inventory (metres where its CRS is in degrees), at least one in each polygon. Empty: the cells of the mask raster, or one point for each polygon where there is none.</source>
        <translation>Senkungspolygone werden zu Punkten eines quadratischen Gitters mit diesem Abstand, in Karteneinheiten des Inventars (Meter, wenn sein KBS in Grad ist), mindestens einer je Polygon. Leer: die Zellen des Maskenrasters oder, wenn es keines gibt, ein Punkt je Polygon.</translation>
    </message>
    <message>
        <source>Polygons with classes, such as a geological map. Several polygon layers: run again with the factor stack of the first run as a raster. Empty: none.</source>
        <translation>Polygone mit Klassen, etwa eine geologische Karte. Bei mehreren Polygonlayern: erneut ausführen, mit dem Faktorenstapel des ersten Laufs als Raster. Leer: keine.</translation>
    </message>
    <message>
        <source>Predicted minus observed, as &apos;Residuals of forecasts&apos; makes it, signed or absolute: its size counts, and several bands are averaged. Empty: nowhere high.</source>
        <translation>Vorhergesagt minus beobachtet, wie von &apos;Residuen der Prognosen&apos; erzeugt, mit Vorzeichen oder absolut: der Betrag zählt, und mehrere Kanäle werden gemittelt. Leer: nirgends hoch.</translation>
    </message>
    <message>
        <source>Predicted minus observed, in mm. Of one forecast one band for each date; of several one band for each forecast, the mean over the dates.</source>
        <translation>Vorhergesagt minus beobachtet, in mm. Bei einer Prognose ein Kanal je Termin; bei mehreren ein Kanal je Prognose, das Mittel über die Termine.</translation>
    </message>
    <message>
        <source>Prediction {prediction}, from the mean {mean} (dashed)</source>
        <translation>Vorhersage {prediction}, ausgehend vom Mittel {mean} (gestrichelt)</translation>
    </message>
    <message>
        <source>Preparing to inspect places</source>
        <translation>Abfrage von Orten wird vorbereitet</translation>
    </message>
    <message>
        <source>Priority: {label}</source>
        <translation>Priorität: {label}</translation>
    </message>
    <message>
        <source>Probability of subsidence {value}</source>
        <translation>Wahrscheinlichkeit der Senkung {value}</translation>
    </message>
    <message>
        <source>Put the probability into five classes.</source>
        <translation>Die Wahrscheinlichkeit in fünf Klassen einteilen.</translation>
    </message>
    <message>
        <source>Put the values of every factor into classes.</source>
        <translation>Die Werte jedes Faktors in Klassen einteilen.</translation>
    </message>
    <message>
        <source>Puts result layers into a QGIS project, named, ordered, grouped and styled, with an A4 print layout that has title, legend, scale bar, north arrow and coordinates.</source>
        <translation>Bringt Ergebnislayer in ein QGIS-Projekt, benannt, geordnet, gruppiert und gestaltet, mit einem A4-Drucklayout mit Titel, Legende, Maßstab, Nordpfeil und Koordinaten.</translation>
    </message>
    <message>
        <source>QGIS could not open the project {path}.</source>
        <translation>QGIS konnte das Projekt {path} nicht öffnen.</translation>
    </message>
    <message>
        <source>QGIS&apos;s own plugin &apos;Processing&apos; is needed: enable it under Plugins ▸ Manage.</source>
        <translation>Die QGIS-eigene Erweiterung &apos;Processing&apos; wird benötigt: unter Erweiterungen ▸ Erweiterungen verwalten und installieren aktivieren.</translation>
    </message>
    <message>
        <source>Quantiles are exact, also of rasters that do not fit into memory.</source>
        <translation>Quantile sind exakt, auch bei Rastern, die nicht in den Speicher passen.</translation>
    </message>
    <message>
        <source>Quantiles rank the cells of one map, so some cells come out high in a stable area too. Read the classes beside the median in mm. Where members differ in proportion to the deformation, no high cell has a low spread and class 1 stays empty.</source>
        <translation>Quantile ordnen die Zellen einer Karte nach Rang, sodass auch in einem stabilen Gebiet einige Zellen hoch erscheinen. Die Klassen neben dem Median in mm lesen. Unterscheiden sich die Mitglieder proportional zur Deformation, hat keine hohe Zelle eine geringe Streuung, und Klasse 1 bleibt leer.</translation>
    </message>
    <message>
        <source>RMSE of this forecast (mm)</source>
        <translation>RMSE dieser Prognose (mm)</translation>
    </message>
    <message>
        <source>Raster of &apos;Predict susceptibility&apos;, or another; its first band is classified, whatever its range of values.</source>
        <translation>Raster von &apos;Suszeptibilität vorhersagen&apos; oder ein anderes; sein erster Kanal wird klassifiziert, unabhängig vom Wertebereich.</translation>
    </message>
    <message>
        <source>Raster of its own for wavelengths around {low} to {high} µm (band {number} of Landsat 8 and 9). Its first band is read in place of the multi-band raster. Only needed for an index that uses it. Empty: the multi-band raster.</source>
        <translation>Eigenes Raster für Wellenlängen um {low} bis {high} µm (Kanal {number} von Landsat 8 und 9). Sein erster Kanal wird anstelle des Mehrkanalrasters gelesen. Nur für einen Index erforderlich, der ihn verwendet. Leer: das Mehrkanalraster.</translation>
    </message>
    <message>
        <source>Raster of the 19 factors, one band each, with names, kinds and units; holes are nodata.</source>
        <translation>Raster der 19 Faktoren, je ein Kanal, mit Namen, Arten und Einheiten; Löcher sind NoData.</translation>
    </message>
    <message>
        <source>Raster of the classes 1 to 7; 0 is nodata.</source>
        <translation>Raster der Klassen 1 bis 7; 0 ist NoData.</translation>
    </message>
    <message>
        <source>Raster of the green band</source>
        <translation>Raster des grünen Kanals</translation>
    </message>
    <message>
        <source>Raster of the index: 0 is like a training row, 1 is as far as training rows are from each other on average; nodata where the model has no prediction either.</source>
        <translation>Raster des Index: 0 ist wie eine Trainingszeile, 1 ist so weit entfernt, wie Trainingszeilen im Mittel voneinander sind; NoData, wo auch das Modell keine Vorhersage hat.</translation>
    </message>
    <message>
        <source>Raster of the near infrared band</source>
        <translation>Raster des Kanals im nahen Infrarot</translation>
    </message>
    <message>
        <source>Raster of the red band</source>
        <translation>Raster des roten Kanals</translation>
    </message>
    <message>
        <source>Raster of the shortwave infrared band 1</source>
        <translation>Raster des Kanals im kurzwelligen Infrarot 1</translation>
    </message>
    <message>
        <source>Raster of the standard deviation of the members&apos; probabilities (divided by their number); needs a model of several members.</source>
        <translation>Raster der Standardabweichung der Wahrscheinlichkeiten der Mitglieder (durch ihre Anzahl geteilt); erfordert ein Modell mit mehreren Mitgliedern.</translation>
    </message>
    <message>
        <source>Raster of whole-number classes: susceptibility classes, or a class stack with one band for each factor.</source>
        <translation>Raster ganzzahliger Klassen: Suszeptibilitätsklassen oder ein Klassenstapel mit einem Kanal je Faktor.</translation>
    </message>
    <message>
        <source>Raster that holds the bands, for example a stack of Landsat bands 1 to 7. Empty: each band is a raster of its own.</source>
        <translation>Raster, das die Kanäle enthält, zum Beispiel ein Stapel der Landsat-Kanäle 1 bis 7. Leer: jeder Kanal ist ein eigenes Raster.</translation>
    </message>
    <message>
        <source>Raster whose CRS, cells and extent are taken; CRS, cell size and extent then stay empty. Empty: the grid follows from these.</source>
        <translation>Raster, dessen KBS, Zellen und Ausdehnung übernommen werden; KBS, Zellgröße und Ausdehnung bleiben dann leer. Leer: das Gitter ergibt sich aus diesen.</translation>
    </message>
    <message>
        <source>Raster whose bands are numbers that may matter for deformation and do not change with time (lithology as shares, thickness of soft soil, distance to wells), on the cells of INPUT. Cells that lack a value in any band are left out. A forecast needs bands of the same names. Empty: none.</source>
        <translation>Raster, dessen Kanäle Zahlen sind, die für die Deformation von Bedeutung sein können und sich zeitlich nicht ändern (Lithologie als Anteile, Mächtigkeit weicher Böden, Abstand zu Brunnen), auf den Zellen von INPUT. Zellen, denen ein Wert in einem Kanal fehlt, werden ausgelassen. Eine Prognose braucht Kanäle mit denselben Namen. Leer: keines.</translation>
    </message>
    <message>
        <source>Raster with 1 inside and 0 outside, where the model extrapolates; 255 is nodata.</source>
        <translation>Raster mit 1 innerhalb und 0 außerhalb, wo das Modell extrapoliert; 255 ist NoData.</translation>
    </message>
    <message>
        <source>Raster with one band for each date, in mm (float32); nodata where no point is within reach.</source>
        <translation>Raster mit einem Kanal je Termin, in mm (float32); NoData, wo kein Punkt in Reichweite ist.</translation>
    </message>
    <message>
        <source>Raster with one band for each date, in mm: the output of &apos;Grid InSAR deformation&apos;.</source>
        <translation>Raster mit einem Kanal je Termin, in mm: die Ausgabe von &apos;InSAR-Deformation rastern&apos;.</translation>
    </message>
    <message>
        <source>Raster with one band for each factor, as &apos;Align factors&apos; or &apos;Reclassify factors&apos; writes it. Band descriptions become field names.</source>
        <translation>Raster mit einem Kanal je Faktor, wie von &apos;Faktoren angleichen&apos; oder &apos;Faktoren reklassifizieren&apos; geschrieben. Kanalbeschreibungen werden zu Feldnamen.</translation>
    </message>
    <message>
        <source>Raster with one band for each factor, for example from &apos;Align factors&apos;.</source>
        <translation>Raster mit einem Kanal je Faktor, zum Beispiel von &apos;Faktoren angleichen&apos;.</translation>
    </message>
    <message>
        <source>Raster with one band for each factor, named as in the samples on which the model was trained.</source>
        <translation>Raster mit einem Kanal je Faktor, benannt wie in den Stichproben, auf denen das Modell trainiert wurde.</translation>
    </message>
    <message>
        <source>Raster with one band for each factor, named as in the samples.</source>
        <translation>Raster mit einem Kanal je Faktor, benannt wie in den Stichproben.</translation>
    </message>
    <message>
        <source>Raster with one band of probabilities for each member of the model.</source>
        <translation>Raster mit einem Wahrscheinlichkeitskanal für jedes Mitglied des Modells.</translation>
    </message>
    <message>
        <source>Rasters are worked out tile by tile and may have any size. They take some hundred predictions for each pixel; the log says how many pixels per second.</source>
        <translation>Raster werden kachelweise berechnet und dürfen beliebig groß sein. Sie benötigen einige hundert Vorhersagen je Pixel; das Protokoll nennt die Pixel pro Sekunde.</translation>
    </message>
    <message>
        <source>Rasters of codes, such as land cover or geology; they are never averaged. Empty: none.</source>
        <translation>Raster mit Codes, etwa Landbedeckung oder Geologie; sie werden nie gemittelt. Leer: keine.</translation>
    </message>
    <message>
        <source>Rasters of measured values, such as elevation, rainfall or groundwater depth. A band whose metadata says &apos;kind=categorical&apos; (in a factor stack made here) stays categorical. Empty: none.</source>
        <translation>Raster mit Messwerten, etwa Höhe, Niederschlag oder Grundwasserflurabstand. Ein Kanal, dessen Metadaten &apos;kind=categorical&apos; enthalten (in einem hier erzeugten Faktorenstapel), bleibt kategorial. Leer: keine.</translation>
    </message>
    <message>
        <source>Rasters, vector layers and tables that are saved in files; at least one.</source>
        <translation>In Dateien gespeicherte Raster, Vektorlayer und Tabellen; mindestens eine Datei.</translation>
    </message>
    <message>
        <source>Read from the layer &apos;{layer}&apos;.</source>
        <translation>Aus dem Layer &apos;{layer}&apos; gelesen.</translation>
    </message>
    <message>
        <source>Read the forecaster report first: it says whether the network beats simple forecasts on these data.</source>
        <translation>Zuerst den Bericht zum Prognosemodell lesen: er sagt, ob das Netz auf diesen Daten einfache Prognosen schlägt.</translation>
    </message>
    <message>
        <source>Read the time series of InSAR points.</source>
        <translation>Die Zeitreihen der InSAR-Punkte lesen.</translation>
    </message>
    <message>
        <source>Reading {count} layers …</source>
        <translation>{count} Layer werden gelesen …</translation>
    </message>
    <message>
        <source>Reads InSAR time series from csv or zip files into a point layer with one field a date (DYYYYMMDD), the mean velocity and its quality.</source>
        <translation>Liest InSAR-Zeitreihen aus csv- oder zip-Dateien in einen Punktlayer mit einem Feld je Termin (DYYYYMMDD), der mittleren Geschwindigkeit und ihrer Qualität.</translation>
    </message>
    <message>
        <source>Reads the value of every factor at subsidence and absence points, and divides the points into training, validation and, if wanted, test parts and into folds for cross-validation.</source>
        <translation>Liest den Wert jedes Faktors an Senkungs- und Abwesenheitspunkten und verteilt die Punkte auf Trainings-, Validierungs- und auf Wunsch Testteil sowie auf Teilmengen (Folds) für die Kreuzvalidierung.</translation>
    </message>
    <message>
        <source>Recalibration is never measured on the rows that it was fitted on. Test rows are taken where there are some; else the validation rows are recalibrated fold by fold, each by a fit on the others. The model file remembers its rows, so that this holds in later runs, too.</source>
        <translation>Die Rekalibrierung wird nie an den Zeilen gemessen, an die sie angepasst wurde. Verwendet werden Testzeilen, falls vorhanden; sonst werden die Validierungszeilen Teilmenge für Teilmenge rekalibriert, jeweils durch eine Anpassung an die übrigen. Die Modelldatei merkt sich ihre Zeilen, sodass dies auch in späteren Läufen gilt.</translation>
    </message>
    <message>
        <source>Recalibration makes probabilities come true: of all places with 0.7, seven in ten subside. It is fitted on the validation rows of one model, stored in a copy of its file, and applied whenever that file maps or is validated.</source>
        <translation>Rekalibrierung macht Wahrscheinlichkeiten zutreffend: von allen Orten mit 0.7 senken sich sieben von zehn. Sie wird an die Validierungszeilen eines Modells angepasst, in einer Kopie seiner Datei gespeichert und angewendet, sobald diese Datei kartiert oder validiert wird.</translation>
    </message>
    <message>
        <source>Reflectances from −0.1 to 0 count as 0, and those from 1 to 1.2 as 1. Values farther off become nodata, and so do cells where both bands of an index reflect nothing. Clouds are not masked.</source>
        <translation>Reflexionsgrade von −0.1 bis 0 zählen als 0, solche von 1 bis 1.2 als 1. Weiter abweichende Werte werden NoData, ebenso Zellen, in denen beide Kanäle eines Index nichts reflektieren. Wolken werden nicht maskiert.</translation>
    </message>
    <message>
        <source>Reports are HTML pages: &lt;b&gt;Processing ▸ Results Viewer&lt;/b&gt; lists those of this session. A model is a .safetensors file: {info} tells what it was trained on and with which figures. &lt;b&gt;Processing ▸ History&lt;/b&gt; holds every run with its values.</source>
        <translation>Berichte sind HTML-Seiten: &lt;b&gt;Verarbeitung ▸ Ergebnisanzeige&lt;/b&gt; listet die dieser Sitzung auf. Ein Modell ist eine .safetensors-Datei: {info} zeigt, worauf es trainiert wurde und mit welchen Kennzahlen. &lt;b&gt;Verarbeitung ▸ Protokoll&lt;/b&gt; enthält jeden Lauf mit seinen Werten.</translation>
    </message>
    <message>
        <source>Residuals at points</source>
        <translation>Residuen an Punkten</translation>
    </message>
    <message>
        <source>Robust high: intervene first</source>
        <translation>Robust hoch: zuerst eingreifen</translation>
    </message>
    <message>
        <source>Routine: low-frequency inspection</source>
        <translation>Routine: seltene Kontrolle</translation>
    </message>
    <message>
        <source>Rows of the rasters.</source>
        <translation>Zeilen der Raster.</translation>
    </message>
    <message>
        <source>Rows or cells that lack a factor are left out for all factors. Categorical factors, such as lithology and land use, have no correlation coefficient and are left out. Class codes of a class stack count as ordered numbers where the factor had an order. Factors of one value only are left out too.</source>
        <translation>Zeilen oder Zellen, denen ein Faktor fehlt, werden für alle Faktoren ausgelassen. Kategoriale Faktoren wie Lithologie und Landnutzung haben keinen Korrelationskoeffizienten und werden ausgelassen. Klassencodes eines Klassenstapels zählen als geordnete Zahlen, wenn der Faktor eine Reihenfolge hatte. Faktoren mit nur einem Wert werden ebenfalls ausgelassen.</translation>
    </message>
    <message>
        <source>Rows that one model cannot judge are left out for all. Of an ensemble the mean probability of the members is scored, of a recalibrated model the recalibrated one.</source>
        <translation>Zeilen, die ein Modell nicht beurteilen kann, werden für alle ausgelassen. Bei einem Ensemble wird die mittlere Wahrscheinlichkeit der Mitglieder bewertet, bei einem rekalibrierten Modell die rekalibrierte.</translation>
    </message>
    <message>
        <source>Rows with the same model and the same configuration form one group. Tables that repeat model, configuration and seed with other values (trained on other samples or factors) are told apart by their file names.</source>
        <translation>Zeilen mit demselben Modell und derselben Konfiguration bilden eine Gruppe. Tabellen, die Modell, Konfiguration und Startwert mit anderen Werten wiederholen (auf anderen Stichproben oder Faktoren trainiert), werden anhand ihrer Dateinamen unterschieden.</translation>
    </message>
    <message>
        <source>Runs differ by their seed alone. A significant difference is no accident of the initial weights (or of the folds), but may still be one of the samples or the area. More comparisons make each harder to prove, so ask for the metrics that matter.</source>
        <translation>Läufe unterscheiden sich allein durch ihren Startwert. Ein signifikanter Unterschied ist kein Zufall der Anfangsgewichte (oder der Teilmengen), kann aber immer noch einer der Stichproben oder des Gebiets sein. Mehr Vergleiche machen jeden einzelnen schwerer nachweisbar, daher nur die Metriken anfordern, auf die es ankommt.</translation>
    </message>
    <message>
        <source>Runs the whole forecasting chain at once: from InSAR points through a tuned ensemble to forecast maps, their uncertainty, their residuals and a map of monitoring priority.</source>
        <translation>Führt die gesamte Prognosekette auf einmal aus: von InSAR-Punkten über ein abgestimmtes Ensemble zu Prognosekarten, ihrer Unsicherheit, ihren Residuen und einer Karte der Überwachungspriorität.</translation>
    </message>
    <message>
        <source>Runs the whole susceptibility chain in one go: from a factor stack and an inventory of subsidence to a trained network (DRDN), a classified map and its figures.</source>
        <translation>Führt die gesamte Suszeptibilitätskette in einem Zug aus: vom Faktorenstapel und einem Senkungsinventar zu einem trainierten Netz (DRDN), einer klassifizierten Karte und ihren Kennzahlen.</translation>
    </message>
    <message>
        <source>SHAP values are estimated from random orders of the factors, taken forwards and backwards, with standard errors. All types of model are explained in the same way. A categorical factor is one factor, however many inputs it has.</source>
        <translation>SHAP-Werte werden aus zufälligen Reihenfolgen der Faktoren geschätzt, vorwärts und rückwärts durchlaufen, mit Standardfehlern. Alle Modelltypen werden auf dieselbe Weise erklärt. Ein kategorialer Faktor ist ein Faktor, gleich wie viele Eingaben er hat.</translation>
    </message>
    <message>
        <source>SHAP values of samples</source>
        <translation>SHAP-Werte der Stichproben</translation>
    </message>
    <message>
        <source>SHAP values of this place</source>
        <translation>SHAP-Werte dieses Orts</translation>
    </message>
    <message>
        <source>Samples are split at random, as in the Hanoi paper. Neighbouring points are alike, so that the figures of validation points flatter the map of places without samples.</source>
        <translation>Stichproben werden wie im Hanoi-Artikel zufällig aufgeteilt. Benachbarte Punkte sind sich ähnlich, sodass die Kennzahlen der Validierungspunkte der Karte von Orten ohne Stichproben schmeicheln.</translation>
    </message>
    <message>
        <source>Samples of &apos;Extract samples&apos;, or another layer with one numeric field for each factor. Give either this or FACTORS.</source>
        <translation>Stichproben von &apos;Stichproben entnehmen&apos; oder ein anderer Layer mit einem numerischen Feld je Faktor. Entweder dies oder FACTORS angeben.</translation>
    </message>
    <message>
        <source>Samples other than those that the model was trained on are refused. Bands are matched by name in any order, and classes are made by the model&apos;s rules as in &lt;i&gt;Predict susceptibility&lt;/i&gt;. A model of classes cannot show values beyond the training range, which fall into an end class; it shows new combinations.</source>
        <translation>Andere Stichproben als die, auf denen das Modell trainiert wurde, werden abgelehnt. Kanäle werden in beliebiger Reihenfolge über den Namen zugeordnet, und Klassen werden wie in &lt;i&gt;Suszeptibilität vorhersagen&lt;/i&gt; mit den Regeln des Modells gebildet. Ein Modell auf Klassen kann keine Werte jenseits des Trainingsbereichs zeigen, die in eine Randklasse fallen; neue Kombinationen zeigt es.</translation>
    </message>
    <message>
        <source>Save another copy</source>
        <translation>Weitere Kopie speichern</translation>
    </message>
    <message>
        <source>Search the tools</source>
        <translation>Werkzeuge durchsuchen</translation>
    </message>
    <message>
        <source>Searches the hyperparameters of a forecaster by the loss on the validation dates and joins the best trials to one ensemble.</source>
        <translation>Sucht die Hyperparameter eines Prognosemodells nach dem Verlust an den Validierungsterminen und vereint die besten Versuche zu einem Ensemble.</translation>
    </message>
    <message>
        <source>Searches the hyperparameters of a network or a baseline by grid search, random search or TPE (tree-structured Parzen estimator), and trains the best ones found.</source>
        <translation>Sucht die Hyperparameter eines Netzes oder Vergleichsmodells durch Rastersuche, Zufallssuche oder TPE (Tree-structured Parzen Estimator) und trainiert die besten gefundenen.</translation>
    </message>
    <message>
        <source>See where forecasts were wrong on dates kept back.</source>
        <translation>Sehen, wo Prognosen an zurückgehaltenen Terminen falsch lagen.</translation>
    </message>
    <message>
        <source>See where the members of an ensemble disagree, and where to measure first.</source>
        <translation>Sehen, wo die Mitglieder eines Ensembles uneinig sind und wo zuerst zu messen ist.</translation>
    </message>
    <message>
        <source>Settings left empty take the values of the preset ({presets}). Preset &quot;Appendix B&quot; has the values that the Hanoi paper gives; where it gives none, ours fill the gap.</source>
        <translation>Leer gelassene Einstellungen übernehmen die Werte der Voreinstellung ({presets}). Die Voreinstellung &quot;Anhang B&quot; enthält die Werte des Hanoi-Artikels; wo er keine nennt, füllen eigene Werte die Lücke.</translation>
    </message>
    <message>
        <source>Several points in one cell have the same factors and count as one. Where their labels differ, subsidence (1) wins.</source>
        <translation>Mehrere Punkte in einer Zelle haben dieselben Faktoren und zählen als einer. Bei unterschiedlichen Labels hat Senkung (1) Vorrang.</translation>
    </message>
    <message>
        <source>Share (0 to 1) of the points from which the reported figures of a model come; 0.3 in the Hanoi paper.</source>
        <translation>Anteil (0 bis 1) der Punkte, von denen die berichteten Kennzahlen eines Modells stammen; 0.3 im Hanoi-Artikel.</translation>
    </message>
    <message>
        <source>Share (0 to 1) of the points kept apart from training and validation, for a last check; none in the Hanoi paper.</source>
        <translation>Anteil (0 bis 1) der Punkte, die für eine letzte Prüfung von Training und Validierung getrennt bleiben; keine im Hanoi-Artikel.</translation>
    </message>
    <message>
        <source>Share (0 to 1) of the points that is kept from training and used for validation.</source>
        <translation>Anteil (0 bis 1) der Punkte, die vom Training ausgenommen und zur Validierung verwendet werden.</translation>
    </message>
    <message>
        <source>Share of all dates, just before the test dates. They choose the pass that is kept and calibrate the intervals; with 0 the last pass is kept and there are no intervals.</source>
        <translation>Anteil aller Termine, unmittelbar vor den Testterminen. Sie wählen den zu behaltenden Durchlauf und kalibrieren die Intervalle; bei 0 wird der letzte Durchlauf behalten, und es gibt keine Intervalle.</translation>
    </message>
    <message>
        <source>Share of all dates, the last ones. They decide nothing, and the figures of the report are theirs.</source>
        <translation>Anteil aller Termine, und zwar der letzten. Sie entscheiden nichts; auf ihnen beruhen die Kennzahlen des Berichts.</translation>
    </message>
    <message>
        <source>Share of chance findings among the significant ones that is accepted (false discovery rate); the confidence intervals cover 1 − ALPHA.</source>
        <translation>Akzeptierter Anteil zufälliger Befunde unter den signifikanten (Anteil falscher Entdeckungen, FDR); die Konfidenzintervalle decken 1 − ALPHA ab.</translation>
    </message>
    <message>
        <source>Share of the last step that SGD keeps; Adam does not use it. Empty: the preset&apos;s.</source>
        <translation>Anteil des letzten Schritts, den SGD beibehält; Adam verwendet ihn nicht. Leer: der Wert der Voreinstellung.</translation>
    </message>
    <message>
        <source>Shows where a map extrapolates: where the factors of a pixel are so unlike those of all training rows that the measured error of the model does not hold.</source>
        <translation>Zeigt, wo eine Karte extrapoliert: wo die Faktoren eines Pixels denen aller Trainingszeilen so unähnlich sind, dass der gemessene Fehler des Modells nicht gilt.</translation>
    </message>
    <message>
        <source>Side of a block in map units of the stack (metres in a metric CRS), for the split by square blocks only. Empty: a tenth of the extent of the points.</source>
        <translation>Seitenlänge eines Blocks in Karteneinheiten des Stapels (Meter in einem metrischen KBS), nur für die Aufteilung nach quadratischen Blöcken. Leer: ein Zehntel der Ausdehnung der Punkte.</translation>
    </message>
    <message>
        <source>Side of a cell in map units of the ascending layer (metres where it is in degrees). Cells begin at multiples of it. 100 m is that of EGMS L3.</source>
        <translation>Seitenlänge einer Zelle in Karteneinheiten des aufsteigenden Layers (Meter, wenn er in Grad vorliegt). Zellen beginnen bei Vielfachen davon. 100 m ist die von EGMS L3.</translation>
    </message>
    <message>
        <source>Side of a cell in metres.</source>
        <translation>Seitenlänge einer Zelle in Metern.</translation>
    </message>
    <message>
        <source>Side of a cell in metres; 12.5 is that of the paper&apos;s elevation model. Rivers, hills and towns keep their share of the area; hills of small areas are lower.</source>
        <translation>Seitenlänge einer Zelle in Metern; 12.5 ist die des Höhenmodells im Artikel. Flüsse, Hügel und Städte behalten ihren Flächenanteil; Hügel kleiner Gebiete sind niedriger.</translation>
    </message>
    <message>
        <source>Side of a cell in units of the CRS (metres, or degrees). Empty: that of the first raster.</source>
        <translation>Seitenlänge einer Zelle in Einheiten des KBS (Meter oder Grad). Leer: die des ersten Rasters.</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>Größe</translation>
    </message>
    <message>
        <source>Size of the residual in mm, of several dates their root mean square; one band for each forecast. &apos;Monitoring priority&apos; takes it as RESIDUAL.</source>
        <translation>Betrag des Residuums in mm, bei mehreren Terminen der quadratische Mittelwert; ein Kanal je Prognose. &apos;Überwachungspriorität&apos; verwendet ihn als RESIDUAL.</translation>
    </message>
    <message>
        <source>Skill of this forecast against persistence</source>
        <translation>Güte dieser Prognose gegenüber der Persistenz</translation>
    </message>
    <message>
        <source>Small errors cluster (5 % false discoveries)</source>
        <translation>Kleine Fehler gehäuft (5 % falsche Entdeckungen)</translation>
    </message>
    <message>
        <source>Small: 300 × 250 cells, 7 MB, some seconds</source>
        <translation>Klein: 300 × 250 Zellen, 7 MB, einige Sekunden</translation>
    </message>
    <message>
        <source>So many networks are trained, with the seeds SEED, SEED + 1 and so on. All go into the model file as an ensemble: the forecast is their median, and their spread can be mapped.</source>
        <translation>So viele Netze werden mit den Startwerten SEED, SEED + 1 und so weiter trainiert. Alle kommen als Ensemble in die Modelldatei: die Prognose ist ihr Median, und ihre Streuung lässt sich kartieren.</translation>
    </message>
    <message>
        <source>So many of the best trials become the members of the ensemble; the paper takes 10.</source>
        <translation>So viele der besten Versuche werden Mitglieder des Ensembles; der Artikel verwendet 10.</translation>
    </message>
    <message>
        <source>Spatial encoders (CNN, GCN, ResNet) and temporal encoders (LSTM, Transformer) make the six architectures of the paper.</source>
        <translation>Räumliche Encoder (CNN, GCN, ResNet) und zeitliche Encoder (LSTM, Transformer) ergeben die sechs Architekturen des Artikels.</translation>
    </message>
    <message>
        <source>Spatial folds follow Brenning (2012). The size of blocks comes from the semivariograms of the factors unless it is given: the median distance at which samples stop resembling each other, or less where that would leave too few blocks.</source>
        <translation>Räumliche Teilmengen folgen Brenning (2012). Die Blockgröße stammt aus den Semivariogrammen der Faktoren, wenn sie nicht angegeben ist: die mittlere (Median) Entfernung, ab der sich Stichproben nicht mehr ähneln, oder weniger, wenn sonst zu wenige Blöcke blieben.</translation>
    </message>
    <message>
        <source>Spread of the forecast</source>
        <translation>Streuung der Prognose</translation>
    </message>
    <message>
        <source>Spread of the members</source>
        <translation>Streuung der Mitglieder</translation>
    </message>
    <message>
        <source>Stable points are of the same quality as those of subsidence. All points are in the CRS of the input, with the fields label (1 subsidence, 0 stable), velocity (mm/yr) and quality. The Hanoi paper begins with 4,698 points of multi-temporal InSAR.</source>
        <translation>Stabile Punkte haben dieselbe Qualität wie die Senkungspunkte. Alle Punkte sind im KBS der Eingabe, mit den Feldern label (1 Senkung, 0 stabil), velocity (mm/yr) und quality. Der Hanoi-Artikel beginnt mit 4698 Punkten aus multitemporalem InSAR.</translation>
    </message>
    <message>
        <source>Standard deviation over the members, one band for each future date, in mm. Needs a forecaster of several members.</source>
        <translation>Standardabweichung über die Mitglieder, ein Kanal je künftigem Termin, in mm. Erfordert ein Prognosemodell mit mehreren Mitgliedern.</translation>
    </message>
    <message>
        <source>Stored values become reflectances by scale and offset. With a wrong offset every index is wrong.</source>
        <translation>Gespeicherte Werte werden durch Skalierung und Offset zu Reflexionsgraden. Mit falschem Offset ist jeder Index falsch.</translation>
    </message>
    <message>
        <source>Subsidence depends on Holocene thickness, groundwater, Landsat band 5, engineering geology, hydrogeology and Landsat band 7, in this order, and on none of the other 13 factors. A sound explanation of a model finds this order again.</source>
        <translation>Die Senkung hängt von Holozänmächtigkeit, Grundwasser, Landsat-Kanal 5, Ingenieurgeologie, Hydrogeologie und Landsat-Kanal 7 ab, in dieser Reihenfolge, und von keinem der übrigen 13 Faktoren. Eine stimmige Erklärung eines Modells findet diese Reihenfolge wieder.</translation>
    </message>
    <message>
        <source>Subsidence, test</source>
        <translation>Senkung, Test</translation>
    </message>
    <message>
        <source>Subsidence, training</source>
        <translation>Senkung, Training</translation>
    </message>
    <message>
        <source>Subsidence, validation</source>
        <translation>Senkung, Validierung</translation>
    </message>
    <message>
        <source>Susceptibility</source>
        <translation>Suszeptibilität</translation>
    </message>
    <message>
        <source>Susceptibility from 0 to 1 (first band), which makes the curves finer. Empty: the curves come from the classes.</source>
        <translation>Suszeptibilität von 0 bis 1 (erster Kanal), wodurch die Kurven feiner werden. Leer: die Kurven stammen aus den Klassen.</translation>
    </message>
    <message>
        <source>Susceptibility workflow in the Modeler</source>
        <translation>Arbeitsablauf Suszeptibilität in der Modellierung</translation>
    </message>
    <message>
        <source>Table for &apos;Compare repeated runs&apos; with model, configuration (manual or the search), seed, split, metric and value of single networks, with the defaults and with the best values of each repeat.</source>
        <translation>Tabelle für &apos;Wiederholte Läufe vergleichen&apos; mit model, configuration (manual oder die Suche), seed, split, metric und value einzelner Netze, mit den Vorgaben und mit den besten Werten jeder Wiederholung.</translation>
    </message>
    <message>
        <source>Table of the codes given to polygon texts: factor, code, text.</source>
        <translation>Tabelle der den Polygontexten zugewiesenen Codes: factor, code, text.</translation>
    </message>
    <message>
        <source>Table of the ensemble and the simple forecasts with the columns part, step (0: all together), number of values, RMSE, MAE and bias in mm, R² of levels and of changes since the origin, and skill.</source>
        <translation>Tabelle des Ensembles und der einfachen Prognosen mit den Spalten part, step (0: alle zusammen), Anzahl der Werte, RMSE, MAE und Bias in mm, R² der Niveaus und der Änderungen seit dem Ausgangstermin sowie Güte (Skill).</translation>
    </message>
    <message>
        <source>Table with class, label, lower (exclusive), upper (inclusive), cells, area_km2, and the share (0 to 1) of the classified area.</source>
        <translation>Tabelle mit class, label, lower (ausschließlich), upper (einschließlich), cells, area_km2 und share (0 bis 1) der klassifizierten Fläche.</translation>
    </message>
    <message>
        <source>Table with factor, class, lower (exclusive), upper (inclusive), label, cells, and the share (0 to 1) of the factor&apos;s valid cells.</source>
        <translation>Tabelle mit factor, class, lower (ausschließlich), upper (einschließlich), label, cells und share (0 bis 1) der gültigen Zellen des Faktors.</translation>
    </message>
    <message>
        <source>Table with model, configuration, seed, split, metric and value of every repeat of the best trial, for &apos;Compare repeated runs&apos;.</source>
        <translation>Tabelle mit model, configuration, seed, split, metric und value jeder Wiederholung des besten Versuchs, für &apos;Wiederholte Läufe vergleichen&apos;.</translation>
    </message>
    <message>
        <source>Table with model, configuration, seed, split, metric and value of every single model, for &apos;Compare repeated runs&apos; over several repeats.</source>
        <translation>Tabelle mit model, configuration, seed, split, metric und value jedes einzelnen Modells, für &apos;Wiederholte Läufe vergleichen&apos; über mehrere Wiederholungen.</translation>
    </message>
    <message>
        <source>Table with model, configuration, seed, split, metric and value of every single network, for &apos;Compare repeated runs&apos;.</source>
        <translation>Tabelle mit model, configuration, seed, split, metric und value jedes einzelnen Netzes, für &apos;Wiederholte Läufe vergleichen&apos;.</translation>
    </message>
    <message>
        <source>Table with model, configuration, seed, split, metric and value, for &apos;Compare repeated runs&apos;; a partition is a run.</source>
        <translation>Tabelle mit model, configuration, seed, split, metric und value, für &apos;Wiederholte Läufe vergleichen&apos;; eine Partition ist ein Lauf.</translation>
    </message>
    <message>
        <source>Table with one row for each class of each band.</source>
        <translation>Tabelle mit einer Zeile für jede Klasse jedes Kanals.</translation>
    </message>
    <message>
        <source>Table with one row for each factor, the strongest first: rank, factor, kind, mean_abs_shap, share (of the sum over all factors), mean_shap, standard_error (of a row&apos;s value, root mean square) and direction (correlation of value and SHAP value, empty for categories).</source>
        <translation>Tabelle mit einer Zeile je Faktor, der stärkste zuerst: rank, factor, kind, mean_abs_shap, share (an der Summe über alle Faktoren), mean_shap, standard_error (des Werts einer Zeile, quadratischer Mittelwert) und direction (Korrelation von Wert und SHAP-Wert, leer bei Kategorien).</translation>
    </message>
    <message>
        <source>Table with one row for each factor: vif, tolerance and verdict.</source>
        <translation>Tabelle mit einer Zeile je Faktor: vif, tolerance und verdict.</translation>
    </message>
    <message>
        <source>Table with one row for each factor: weight, share in the distance of the pixels outside, and share of pixels beyond the training range.</source>
        <translation>Tabelle mit einer Zeile je Faktor: Gewicht, Anteil an der Distanz der Pixel außerhalb und Anteil der Pixel jenseits des Trainingsbereichs.</translation>
    </message>
    <message>
        <source>Table with one row for each forecast and date and one for all dates; with POINTS the same at the points.</source>
        <translation>Tabelle mit einer Zeile je Prognose und Termin und einer für alle Termine; mit POINTS dasselbe an den Punkten.</translation>
    </message>
    <message>
        <source>Table with one row for each metric and pair: model and configuration of A (the reference) and B, runs, means and standard deviations (sd), gain with its interval (ci_low, ci_high) and bound in the metric&apos;s unit, gain and bound in percent of the mean of A, t, df, p, p_adjusted, significant (yes, no, not tested) and better.</source>
        <translation>Tabelle mit einer Zeile je Metrik und Paar: Modell und Konfiguration von A (der Referenz) und B, Läufe, Mittelwerte und Standardabweichungen (sd), Gewinn mit seinem Intervall (ci_low, ci_high) und Schranke in der Einheit der Metrik, Gewinn und Schranke in Prozent des Mittels von A, t, df, p, p_adjusted, significant (yes, no, not tested) und better.</translation>
    </message>
    <message>
        <source>Table with one row for each model and split.</source>
        <translation>Tabelle mit einer Zeile je Modell und Teil (Training, Validierung, Test).</translation>
    </message>
    <message>
        <source>Table with one row for each model, scheme, partition and fold: its rows, and its metrics (not in percent). AUC is empty where a fold has one label.</source>
        <translation>Tabelle mit einer Zeile je Modell, Schema, Partition und Teilmenge: ihre Zeilen und ihre Metriken (nicht in Prozent). AUC ist leer, wenn eine Teilmenge nur ein Label hat.</translation>
    </message>
    <message>
        <source>Table with one row for each package: bounds asked for, version, state, origin, folder and use.</source>
        <translation>Tabelle mit einer Zeile je Paket: geforderte Grenzen, Version, Zustand, Herkunft, Ordner und Verwendung.</translation>
    </message>
    <message>
        <source>Table with one row for each pair of models: AUCs on the judged rows, difference with its 95 % interval, z, p, and p adjusted for all pairs (Benjamini–Hochberg).</source>
        <translation>Tabelle mit einer Zeile je Modellpaar: AUC auf den beurteilten Zeilen, Differenz mit 95-%-Intervall, z, p und für alle Paare adjustiertes p (Benjamini–Hochberg).</translation>
    </message>
    <message>
        <source>Table with one row for each pair: factor1, factor2, pearson, spearman, their p and stars, n (rows that the p-values assume) and above_threshold.</source>
        <translation>Tabelle mit einer Zeile je Paar: factor1, factor2, pearson, spearman, deren p und Sterne, n (Zeilen, die den p-Werten zugrunde liegen) und above_threshold.</translation>
    </message>
    <message>
        <source>Table with repeat, epoch, loss, holdout_loss and holdout_auc of every epoch.</source>
        <translation>Tabelle mit repeat, epoch, loss, holdout_loss und holdout_auc jeder Epoche.</translation>
    </message>
    <message>
        <source>Table with search, seed, trial, state, value, hyperparameters, seconds and worker of every trial.</source>
        <translation>Tabelle mit search, seed, trial, state, value, hyperparameters, seconds und worker jedes Versuchs.</translation>
    </message>
    <message>
        <source>Table with state, value, hyperparameters, seconds and worker of every trial.</source>
        <translation>Tabelle mit state, value, hyperparameters, seconds und worker jedes Versuchs.</translation>
    </message>
    <message>
        <source>Table with the columns class, label, condition, cells, area_km2 and share (0 to 1) of the valid area.</source>
        <translation>Tabelle mit den Spalten class, label, condition, cells, area_km2 und share (0 bis 1) der gültigen Fläche.</translation>
    </message>
    <message>
        <source>Table with the columns forecast (network and simple ones), part, step (0: all together), number of values, RMSE, MAE and bias in mm, R² of levels and of changes since the origin, and skill.</source>
        <translation>Tabelle mit den Spalten forecast (Netz und einfache), part, step (0: alle zusammen), Anzahl der Werte, RMSE, MAE und Bias in mm, R² der Niveaus und der Änderungen seit dem Ausgangstermin sowie Güte (Skill).</translation>
    </message>
    <message>
        <source>Table with the columns level, name, bounds, cells, area_km2, share, mean confidence and mean spread.</source>
        <translation>Tabelle mit den Spalten level, name, bounds, cells, area_km2, share, mittlere Konfidenz und mittlere Streuung.</translation>
    </message>
    <message>
        <source>Tables</source>
        <translation>Tabellen</translation>
    </message>
    <message>
        <source>Tells how much denser subsidence is in each class than in the whole area: the share of events in the class divided by the share of area in the class.</source>
        <translation>Zeigt, wie viel dichter Senkung in jeder Klasse ist als im ganzen Gebiet: der Anteil der Ereignisse in der Klasse geteilt durch den Flächenanteil der Klasse.</translation>
    </message>
    <message>
        <source>Tells whether one model or configuration is really better than another, or whether the difference is within what another random seed would have given.</source>
        <translation>Zeigt, ob ein Modell oder eine Konfiguration wirklich besser ist als ein anderes oder ob der Unterschied in dem Rahmen liegt, den ein anderer Startwert ergeben hätte.</translation>
    </message>
    <message>
        <source>Tells which conditioning factors say the same: the correlation of every pair by Pearson and Spearman, with stars of significance, and the variance inflation factor (VIF) of every factor.</source>
        <translation>Zeigt, welche Einflussfaktoren dasselbe aussagen: die Korrelation jedes Paars nach Pearson und Spearman mit Signifikanzsternen und den Varianzinflationsfaktor (VIF) jedes Faktors.</translation>
    </message>
    <message>
        <source>Text field with train, validation or test. Empty, or where the layer has no field &apos;split&apos;: all events are counted together.</source>
        <translation>Textfeld mit train, validation oder test. Leer oder ohne Feld &apos;split&apos; im Layer: alle Ereignisse werden zusammen gezählt.</translation>
    </message>
    <message>
        <source>Text field with train, validation or test. Empty: all rows are explained.</source>
        <translation>Textfeld mit train, validation oder test. Leer: alle Zeilen werden erklärt.</translation>
    </message>
    <message>
        <source>Text field with train, validation or test. Empty: all rows are scored together.</source>
        <translation>Textfeld mit train, validation oder test. Leer: alle Zeilen werden zusammen bewertet.</translation>
    </message>
    <message>
        <source>The QGIS project with its print layout.</source>
        <translation>Das QGIS-Projekt mit seinem Drucklayout.</translation>
    </message>
    <message>
        <source>The SHAP value of a factor is what knowing this factor adds to the prediction, averaged over all orders in which the factors could become known. The base value is the mean prediction of the background rows. Base value and SHAP values of a place add up to its prediction.</source>
        <translation>Der SHAP-Wert eines Faktors ist das, was die Kenntnis dieses Faktors zur Vorhersage beiträgt, gemittelt über alle Reihenfolgen, in denen die Faktoren bekannt werden könnten. Der Basiswert ist die mittlere Vorhersage der Hintergrundzeilen. Basiswert und SHAP-Werte eines Orts summieren sich zu seiner Vorhersage.</translation>
    </message>
    <message>
        <source>The area is a plain near Hanoi (UTM zone 48 N) with a meandering river, hills and a town. Units, ranges and correlations of the bands follow the paper.</source>
        <translation>Das Gebiet ist eine Ebene bei Hanoi (UTM-Zone 48 N) mit mäandrierendem Fluss, Hügeln und einer Stadt. Einheiten, Bereiche und Korrelationen der Kanäle folgen dem Artikel.</translation>
    </message>
    <message>
        <source>The best trial is trained again on all training rows. On request the best trials become one ensemble, of ten members by default, as in the Rhineland paper.</source>
        <translation>Der beste Versuch wird auf allen Trainingszeilen neu trainiert. Auf Wunsch werden die besten Versuche zu einem Ensemble, standardmäßig mit zehn Mitgliedern wie im Rheinland-Artikel.</translation>
    </message>
    <message>
        <source>The classes 1, 2 and so on are the factors in the model&apos;s order; one more stands for none. Needs FACTORS.</source>
        <translation>Die Klassen 1, 2 und so weiter sind die Faktoren in der Reihenfolge des Modells; eine weitere steht für keinen. Erfordert FACTORS.</translation>
    </message>
    <message>
        <source>The deformation stack (one band for each date, in mm) on the same grid. If it also holds the date before the forecast, the error is compared with that of persistence.</source>
        <translation>Der Deformationsstapel (ein Kanal je Termin, in mm) auf demselben Gitter. Enthält er auch den Termin vor der Prognose, wird der Fehler mit dem der Persistenz verglichen.</translation>
    </message>
    <message>
        <source>The dissimilarity index of a pixel is its distance to the nearest training row, divided by the mean distance between training rows. Factors are standardised by the training rows and weighted by their importance, mean |SHAP| as in &lt;i&gt;Explain model&lt;/i&gt;. A categorical factor counts by its one-hot columns, each with the weight of the factor. Values beyond the training range, which a prediction clips, count here as they are.</source>
        <translation>Der Unähnlichkeitsindex eines Pixels ist sein Abstand zur nächsten Trainingszeile, geteilt durch den mittleren Abstand zwischen Trainingszeilen. Faktoren werden anhand der Trainingszeilen standardisiert und nach ihrer Wichtigkeit gewichtet, dem mittleren |SHAP| wie in &lt;i&gt;Modell erklären&lt;/i&gt;. Ein kategorialer Faktor zählt mit seinen One-Hot-Spalten, jede mit dem Gewicht des Faktors. Werte jenseits des Trainingsbereichs, die eine Vorhersage begrenzt, zählen hier unverändert.</translation>
    </message>
    <message>
        <source>The elevation in metres without holes, as input of &apos;Topographic factors from a DEM&apos;.</source>
        <translation>Die Höhe in Metern ohne Löcher, als Eingabe von &apos;Topographische Faktoren aus einem DHM&apos;.</translation>
    </message>
    <message>
        <source>The events that the column frequency_ratio is made from, where there is a split; the paper takes validation events.</source>
        <translation>Die Ereignisse, aus denen die Spalte frequency_ratio berechnet wird, wenn es eine Aufteilung gibt; der Artikel verwendet Validierungsereignisse.</translation>
    </message>
    <message>
        <source>The example could not be made.</source>
        <translation>Das Beispiel konnte nicht erzeugt werden.</translation>
    </message>
    <message>
        <source>The example is in {folder}.</source>
        <translation>Das Beispiel liegt in {folder}.</translation>
    </message>
    <message>
        <source>The exceedance probability P85 is the share of members with |d| ≥ Q85; P95 and P99 likewise. Confidence is the share of members in the pixel&apos;s own level. Spread is the standard deviation of |d| over the members.</source>
        <translation>Die Überschreitungswahrscheinlichkeit P85 ist der Anteil der Mitglieder mit |d| ≥ Q85; P95 und P99 entsprechend. Konfidenz ist der Anteil der Mitglieder in der Stufe des Pixels selbst. Streuung ist die Standardabweichung von |d| über die Mitglieder.</translation>
    </message>
    <message>
        <source>The fields are those that InSAR viewers of QGIS expect for the curve of a point.</source>
        <translation>Die Felder sind jene, die QGIS-Betrachter für InSAR für die Kurve eines Punktes erwarten.</translation>
    </message>
    <message>
        <source>The first sentences of the report say which model is better and what the random split hides. The Hanoi paper reports a random split only.</source>
        <translation>Die ersten Sätze des Berichts sagen, welches Modell besser ist und was die zufällige Aufteilung verbirgt. Der Hanoi-Artikel berichtet nur eine zufällige Aufteilung.</translation>
    </message>
    <message>
        <source>The fitted model and its description.</source>
        <translation>Das angepasste Modell und seine Beschreibung.</translation>
    </message>
    <message>
        <source>The folder {folder} cannot be made: {reason}.</source>
        <translation>Der Ordner {folder} kann nicht angelegt werden: {reason}.</translation>
    </message>
    <message>
        <source>The folder {folder} has an example already.</source>
        <translation>Der Ordner {folder} enthält bereits ein Beispiel.</translation>
    </message>
    <message>
        <source>The forecast is the median over the members of the ensemble. Like the stack it counts from the first date.</source>
        <translation>Die Prognose ist der Median über die Mitglieder des Ensembles. Wie der Stapel zählt sie ab dem ersten Termin.</translation>
    </message>
    <message>
        <source>The forecast minus the level at the origin (the last value known), one band for each future date, in mm: what is expected to be added, which a map since the first date hides.</source>
        <translation>Die Prognose minus das Niveau am Ausgangstermin (der letzte bekannte Wert), ein Kanal je künftigem Termin, in mm: was voraussichtlich hinzukommt und in einer Karte seit dem ersten Termin verborgen bleibt.</translation>
    </message>
    <message>
        <source>The future date that MEMBERS shows: 1 is the first. Empty: the last.</source>
        <translation>Der künftige Termin, den MEMBERS zeigt: 1 ist der erste. Leer: der letzte.</translation>
    </message>
    <message>
        <source>The gain is the difference of the means, positive where B is better than the reference A; errors are turned round. Its confidence interval is that of Welch and Satterthwaite. The conservative bound is the end of the interval nearer to zero, or 0 where the interval holds zero.</source>
        <translation>Der Gewinn ist die Differenz der Mittelwerte, positiv, wo B besser ist als die Referenz A; bei Fehlern wird das Vorzeichen umgekehrt. Sein Konfidenzintervall ist das von Welch und Satterthwaite. Die konservative Schranke ist das näher an null liegende Ende des Intervalls oder 0, wenn das Intervall die Null enthält.</translation>
    </message>
    <message>
        <source>The intensity of a pixel is |m|, the size of the median m of its members d. With the default quantiles, Q85, Q95 and Q99 of |m| over all pixels that are valid in every member part the levels Low, Medium, High and Highest. So about 15 % of every map are above Low: levels rank the pixels of one map and are no thresholds of damage.</source>
        <translation>Die Intensität eines Pixels ist |m|, der Betrag des Medians m seiner Mitglieder d. Mit den vorgegebenen Quantilen trennen Q85, Q95 und Q99 von |m| über alle in jedem Mitglied gültigen Pixel die Stufen Niedrig, Mittel, Hoch und Höchste. Etwa 15 % jeder Karte liegen also über Niedrig: die Stufen ordnen die Pixel einer Karte nach Rang und sind keine Schadensschwellen.</translation>
    </message>
    <message>
        <source>The layer was made by this model</source>
        <translation>Der Layer wurde mit diesem Modell erzeugt</translation>
    </message>
    <message>
        <source>The levels that &apos;Ensemble uncertainty&apos; makes: 3 and above is high. Empty: EXCEEDANCE alone tells what is high.</source>
        <translation>Die von &apos;Ensembleunsicherheit&apos; erzeugten Stufen: ab 3 ist hoch. Leer: allein EXCEEDANCE bestimmt, was hoch ist.</translation>
    </message>
    <message>
        <source>The log prints the one pip line that installs what is missing into this QGIS and keeps the numpy and scipy that QGIS brings. The algorithm itself installs nothing and uses no network. It warns where another numpy or scipy stands before those of QGIS, which can break GDAL.</source>
        <translation>Das Protokoll gibt die eine pip-Zeile aus, die das Fehlende in diesem QGIS installiert und numpy und scipy von QGIS beibehält. Der Algorithmus selbst installiert nichts und nutzt kein Netzwerk. Er warnt, wenn ein anderes numpy oder scipy vor dem von QGIS steht, was GDAL stören kann.</translation>
    </message>
    <message>
        <source>The map shows {mapped}, corrected to a share of {share} of the area.</source>
        <translation>Die Karte zeigt {mapped}, korrigiert auf einen Flächenanteil von {share}.</translation>
    </message>
    <message>
        <source>The map shows {mapped}: it was made by another model, or of another stack.</source>
        <translation>Die Karte zeigt {mapped}: sie wurde mit einem anderen Modell oder aus einem anderen Stapel erzeugt.</translation>
    </message>
    <message>
        <source>The map that the model made of this stack, on the same grid; only used for MASKED. Empty: no masked map.</source>
        <translation>Die Karte, die das Modell aus diesem Stapel erzeugt hat, auf demselben Gitter; nur für MASKED verwendet. Leer: keine maskierte Karte.</translation>
    </message>
    <message>
        <source>The median m of the members with its sign, in their units.</source>
        <translation>Der Median m der Mitglieder mit Vorzeichen, in ihrer Einheit.</translation>
    </message>
    <message>
        <source>The menu Plugins &amp;gt; Land subsidence shows the same in a window, with a button that copies the line.</source>
        <translation>Das Menü Erweiterungen &amp;gt; Land subsidence zeigt dasselbe in einem Fenster, mit einer Schaltfläche zum Kopieren der Zeile.</translation>
    </message>
    <message>
        <source>The metadata of the true probability hold the weights of the factors and the best AUC that any model can reach: 0.92 against stable cells, 0.88 against points drawn anywhere. Those of the InSAR points hold the planted bowls and the fault.</source>
        <translation>Die Metadaten der wahren Wahrscheinlichkeit enthalten die Gewichte der Faktoren und die beste für ein Modell erreichbare AUC: 0.92 gegenüber stabilen Zellen, 0.88 gegenüber beliebig gezogenen Punkten. Die der InSAR-Punkte enthalten die vorgegebenen Senkungsmulden und die Störung.</translation>
    </message>
    <message>
        <source>The model {path} cannot be written.</source>
        <translation>Das Modell {path} kann nicht geschrieben werden.</translation>
    </message>
    <message>
        <source>The model&apos;s defaults, a logistic regression and a random forest are judged alike. The first sentence of the report says whether tuning brought anything.</source>
        <translation>Die Vorgaben des Modells, eine logistische Regression und ein Random Forest werden ebenso beurteilt. Der erste Satz des Berichts sagt, ob das Abstimmen etwas gebracht hat.</translation>
    </message>
    <message>
        <source>The network trains on the rows of the samples whose field split is train. A row is one pixel: the values of its factors are the input, its label (1 subsidence, 0 none) the target. The network sees no neighbouring pixels.</source>
        <translation>Das Netz trainiert auf den Stichprobenzeilen, deren Feld split train ist. Eine Zeile ist ein Pixel: die Werte seiner Faktoren sind die Eingabe, sein Label (1 Senkung, 0 keine) das Ziel. Das Netz sieht keine Nachbarpixel.</translation>
    </message>
    <message>
        <source>The output is in the CRS of the inventory; its field label is 1 for subsidence and 0 for absence. Fewer points than asked for are a warning with the reason. The Hanoi paper draws 3,997 random points for 4,698 of subsidence, about one for each.</source>
        <translation>Die Ausgabe ist im KBS des Inventars; ihr Feld label ist 1 für Senkung und 0 für Abwesenheit. Weniger Punkte als verlangt führen zu einer Warnung mit dem Grund. Der Hanoi-Artikel zieht 3997 zufällige Punkte zu 4698 der Senkung, etwa einen je Senkungspunkt.</translation>
    </message>
    <message>
        <source>The output of &apos;Grid InSAR deformation&apos;, or any raster in mm with one band for each date, named 2024-06-30. May be empty only for a GCN on points.</source>
        <translation>Die Ausgabe von &apos;InSAR-Deformation rastern&apos; oder ein beliebiges Raster in mm mit einem Kanal je Termin, benannt wie 2024-06-30. Darf nur bei einem GCN auf Punkten leer sein.</translation>
    </message>
    <message>
        <source>The place could not be read: {error}</source>
        <translation>Der Ort konnte nicht gelesen werden: {error}</translation>
    </message>
    <message>
        <source>The place lies outside of all layers of this plugin.</source>
        <translation>Der Ort liegt außerhalb aller Layer dieser Erweiterung.</translation>
    </message>
    <message>
        <source>The points of each track are averaged in square cells. A cell that both tracks see gives two equations for vertical and east, with the unit vectors of the fields los_east, los_north and los_up, or those of incidence_angle and track_angle.</source>
        <translation>Die Punkte jeder Spur werden in quadratischen Zellen gemittelt. Eine Zelle, die beide Spuren sehen, liefert zwei Gleichungen für Vertikal und Ost, mit den Einheitsvektoren der Felder los_east, los_north und los_up oder denen von incidence_angle und track_angle.</translation>
    </message>
    <message>
        <source>The points that the stack was gridded from, with a field DYYYYMMDD for each date, in mm. Needed for POINT_FORECAST, and for a GCN whose nodes are points. Empty: cells only.</source>
        <translation>Die Punkte, aus denen der Stapel gerastert wurde, mit einem Feld DYYYYMMDD je Termin, in mm. Für POINT_FORECAST erforderlich und für ein GCN, dessen Knoten Punkte sind. Leer: nur Zellen.</translation>
    </message>
    <message>
        <source>The points that the stack was gridded from, with a field DYYYYMMDD for each date, in mm. With a GCN they are the nodes of the graph, and INPUT is not used; with CNN and ResNet, forecasts are also scored at them. Empty: cells only.</source>
        <translation>Die Punkte, aus denen der Stapel gerastert wurde, mit einem Feld DYYYYMMDD je Termin, in mm. Bei einem GCN sind sie die Knoten des Graphen, und INPUT wird nicht verwendet; bei CNN und ResNet werden Prognosen auch an ihnen bewertet. Leer: nur Zellen.</translation>
    </message>
    <message>
        <source>The points that the stack was gridded from, with a field DYYYYMMDD for each date, in mm: residuals are also told at them. Empty: cells only.</source>
        <translation>Die Punkte, aus denen der Stapel gerastert wurde, mit einem Feld DYYYYMMDD je Termin, in mm: Residuen werden auch an ihnen angegeben. Leer: nur Zellen.</translation>
    </message>
    <message>
        <source>The points up to the origin with the forecast in further fields DYYYYMMDD, in mm, and half the width of the interval in fields HYYYYMMDD. Needs POINTS.</source>
        <translation>Die Punkte bis zum Ausgangstermin mit der Prognose in weiteren Feldern DYYYYMMDD, in mm, und der halben Intervallbreite in Feldern HYYYYMMDD. Erfordert POINTS.</translation>
    </message>
    <message>
        <source>The points with the fields signed (mean over the dates), absolute (root mean square) and surface (with the offset of the grid), in mm; of one forecast also one field for each date. Needs POINTS.</source>
        <translation>Die Punkte mit den Feldern signed (Mittel über die Termine), absolute (quadratischer Mittelwert) und surface (mit dem Versatz des Gitters), in mm; bei einer Prognose auch ein Feld je Termin. Erfordert POINTS.</translation>
    </message>
    <message>
        <source>The probability of subsidence, 0 to 1, that the points follow.</source>
        <translation>Die Wahrscheinlichkeit der Senkung, 0 bis 1, der die Punkte folgen.</translation>
    </message>
    <message>
        <source>The probability raster has no value here.</source>
        <translation>Das Wahrscheinlichkeitsraster hat hier keinen Wert.</translation>
    </message>
    <message>
        <source>The project has no layer that can be asked; add results of this plugin first.</source>
        <translation>Das Projekt hat keinen abfragbaren Layer; zuerst Ergebnisse dieser Erweiterung hinzufügen.</translation>
    </message>
    <message>
        <source>The project that is open has changes that were not saved.</source>
        <translation>Das geöffnete Projekt hat nicht gespeicherte Änderungen.</translation>
    </message>
    <message>
        <source>The raster of PROBABILITY with nodata outside the area of applicability.</source>
        <translation>Das Raster von PROBABILITY mit NoData außerhalb des Anwendbarkeitsbereichs.</translation>
    </message>
    <message>
        <source>The report adds ROC curves with confidence bands, precision–recall curves, errors with their distribution, and reliability curves.</source>
        <translation>Der Bericht ergänzt ROC-Kurven mit Konfidenzbändern, Precision-Recall-Kurven, Fehler mit ihrer Verteilung und Zuverlässigkeitskurven.</translation>
    </message>
    <message>
        <source>The report holds the ranking, the beeswarm, the waterfall of one place, dependence plots with ICE curves, and the interaction of the two strongest factors.</source>
        <translation>Der Bericht enthält die Rangfolge, das Beeswarm-Diagramm, das Wasserfalldiagramm eines Orts, Abhängigkeitsdiagramme mit ICE-Kurven und die Wechselwirkung der beiden stärksten Faktoren.</translation>
    </message>
    <message>
        <source>The report holds the table of means, the forest plot and violin plots.</source>
        <translation>Der Bericht enthält die Tabelle der Mittelwerte, den Forest-Plot und Violinplots.</translation>
    </message>
    <message>
        <source>The report says which factors make the difference. Rasters of any size are worked out tile by tile; time grows with pixels times training rows.</source>
        <translation>Der Bericht sagt, welche Faktoren den Unterschied ausmachen. Raster jeder Größe werden kachelweise berechnet; die Rechenzeit wächst mit Pixeln mal Trainingszeilen.</translation>
    </message>
    <message>
        <source>The report shows the course of the search, the importance of each hyperparameter and slices through the search space.</source>
        <translation>Der Bericht zeigt den Verlauf der Suche, die Wichtigkeit jedes Hyperparameters und Schnitte durch den Suchraum.</translation>
    </message>
    <message>
        <source>The report shows the matrices as circles, as Figure 3 of the Hanoi paper does. The table of pairs begins with the strongest.</source>
        <translation>Der Bericht zeigt die Matrizen als Kreise wie Abbildung 3 des Hanoi-Artikels. Die Tabelle der Paare beginnt mit dem stärksten.</translation>
    </message>
    <message>
        <source>The report shows the optimisation process as in Figure 5 of the paper, the importance of each hyperparameter, the best trials, the scores by step and the coverage of the intervals.</source>
        <translation>Der Bericht zeigt den Optimierungsverlauf wie in Abbildung 5 des Artikels, die Wichtigkeit jedes Hyperparameters, die besten Versuche, die Bewertungen nach Schritt und die Abdeckung der Intervalle.</translation>
    </message>
    <message>
        <source>The report&apos;s first sentence says which model is best on validation rows, whichever it is, and by DeLong&apos;s test whether it is better by more than chance.</source>
        <translation>Der erste Satz des Berichts sagt, welches Modell auf Validierungszeilen das beste ist, welches auch immer, und nach dem DeLong-Test, ob es um mehr als den Zufall besser ist.</translation>
    </message>
    <message>
        <source>The rows on which the metrics were measured. Automatic takes validation rows where all groups have them, else test rows, else training rows (which flatter).</source>
        <translation>Die Zeilen, auf denen die Metriken gemessen wurden. Automatisch verwendet Validierungszeilen, wenn alle Gruppen sie haben, sonst Testzeilen, sonst Trainingszeilen (die schmeicheln).</translation>
    </message>
    <message>
        <source>The runs table is for &lt;i&gt;Compare repeated runs&lt;/i&gt;.</source>
        <translation>Die Lauftabelle ist für &lt;i&gt;Wiederholte Läufe vergleichen&lt;/i&gt;.</translation>
    </message>
    <message>
        <source>The same seed and size give the same area, bit by bit. Memory is about 190 bytes per cell: 0.6 GB for 2000 × 1500 cells, 4.8 GB for 5000 × 5000.</source>
        <translation>Derselbe Startwert und dieselbe Größe ergeben dasselbe Gebiet, Bit für Bit. Der Speicherbedarf beträgt etwa 190 Byte je Zelle: 0.6 GB bei 2000 × 1500 Zellen, 4.8 GB bei 5000 × 5000.</translation>
    </message>
    <message>
        <source>The same seed and the same data give the same result, with one worker process.</source>
        <translation>Derselbe Startwert und dieselben Daten ergeben mit einem Arbeitsprozess dasselbe Ergebnis.</translation>
    </message>
    <message>
        <source>The samples are points in the CRS of the stack with the fields label, split (train, validation, test), fold and one for each factor, named as the stack&apos;s bands. Kinds of factors and rules of classes travel in the metadata of the layer, which only GPKG keeps. Shapefiles cut field names and are refused.</source>
        <translation>Die Stichproben sind Punkte im KBS des Stapels mit den Feldern label, split (train, validation, test), fold und einem je Faktor, benannt wie die Kanäle des Stapels. Arten der Faktoren und Klassenregeln stehen in den Metadaten des Layers, die nur GPKG bewahrt. Shapefiles kürzen Feldnamen und werden abgelehnt.</translation>
    </message>
    <message>
        <source>The samples on which the model was trained, with one numeric field for each factor, the label and the split. Rows that lack a factor are left out.</source>
        <translation>Die Stichproben, auf denen das Modell trainiert wurde, mit einem numerischen Feld je Faktor, dem Label und der Aufteilung. Zeilen, denen ein Faktor fehlt, werden ausgelassen.</translation>
    </message>
    <message>
        <source>The samples that the model was trained on: the rows of split &apos;train&apos; are compared with the pixels, and the field fold gives the threshold.</source>
        <translation>Die Stichproben, auf denen das Modell trainiert wurde: die Zeilen mit split &apos;train&apos; werden mit den Pixeln verglichen, und das Feld fold ergibt den Schwellenwert.</translation>
    </message>
    <message>
        <source>The search can be cancelled at any time. Every finished trial is kept: run it again with the same settings and it goes on where it stopped.</source>
        <translation>Die Suche kann jederzeit abgebrochen werden. Jeder abgeschlossene Versuch bleibt erhalten: mit denselben Einstellungen erneut ausgeführt, macht sie dort weiter, wo sie angehalten hat.</translation>
    </message>
    <message>
        <source>The share of members that reach a quantile, as &apos;Ensemble uncertainty&apos; makes it. Empty: LEVELS alone tells what is high.</source>
        <translation>Der Anteil der Mitglieder, die ein Quantil erreichen, wie von &apos;Ensembleunsicherheit&apos; erzeugt. Leer: allein LEVELS bestimmt, was hoch ist.</translation>
    </message>
    <message>
        <source>The share of the members, 0 to 1, that are in the level which the pixel has in LEVELS.</source>
        <translation>Der Anteil der Mitglieder, 0 bis 1, in der Stufe, die das Pixel in LEVELS hat.</translation>
    </message>
    <message>
        <source>The stack needs at least as many dates as the window of the forecaster. A date without a value takes the last value before it; a cell that lacks more than a quarter of the window is nodata. The log tells where the size of the cells or the interval of the dates differs from the training.</source>
        <translation>Der Stapel braucht mindestens so viele Termine wie das Fenster des Prognosemodells. Ein Termin ohne Wert übernimmt den letzten Wert davor; eine Zelle, der mehr als ein Viertel des Fensters fehlt, ist NoData. Das Protokoll nennt, wo Zellgröße oder Terminabstand vom Training abweichen.</translation>
    </message>
    <message>
        <source>The standard deviation of the members, as &apos;Ensemble uncertainty&apos; makes it; several bands (forecast steps) are averaged.</source>
        <translation>Die Standardabweichung der Mitglieder, wie von &apos;Ensembleunsicherheit&apos; erzeugt; mehrere Kanäle (Prognoseschritte) werden gemittelt.</translation>
    </message>
    <message>
        <source>The standard deviation of |d| over the members, in their units.</source>
        <translation>Die Standardabweichung von |d| über die Mitglieder, in ihrer Einheit.</translation>
    </message>
    <message>
        <source>The steps are &lt;i&gt;Grid InSAR deformation&lt;/i&gt;, &lt;i&gt;Tune forecaster&lt;/i&gt; (ResNet + Transformer), &lt;i&gt;Forecast deformation&lt;/i&gt;, &lt;i&gt;Ensemble uncertainty&lt;/i&gt;, &lt;i&gt;Residuals of forecasts&lt;/i&gt; from a past date of origin, and &lt;i&gt;Monitoring priority&lt;/i&gt;. The best trials become the members of one ensemble.</source>
        <translation>Die Schritte sind &lt;i&gt;InSAR-Deformation rastern&lt;/i&gt;, &lt;i&gt;Prognosemodell abstimmen&lt;/i&gt; (ResNet + Transformer), &lt;i&gt;Deformation prognostizieren&lt;/i&gt;, &lt;i&gt;Ensembleunsicherheit&lt;/i&gt;, &lt;i&gt;Residuen der Prognosen&lt;/i&gt; ab einem vergangenen Ausgangstermin und &lt;i&gt;Überwachungspriorität&lt;/i&gt;. Die besten Versuche werden Mitglieder eines Ensembles.</translation>
    </message>
    <message>
        <source>The steps are &lt;i&gt;Reclassify factors&lt;/i&gt; (natural breaks of Jenks), &lt;i&gt;Absence points&lt;/i&gt; (one for each point of subsidence), &lt;i&gt;Extract samples&lt;/i&gt; (random split), &lt;i&gt;Train DRDN&lt;/i&gt;, &lt;i&gt;Predict susceptibility&lt;/i&gt;, &lt;i&gt;Classify susceptibility&lt;/i&gt; (five classes by natural breaks), &lt;i&gt;Frequency ratio&lt;/i&gt; and &lt;i&gt;Validate models&lt;/i&gt;. Other settings have their defaults.</source>
        <translation>Die Schritte sind &lt;i&gt;Faktoren reklassifizieren&lt;/i&gt; (natürliche Unterbrechungen nach Jenks), &lt;i&gt;Abwesenheitspunkte&lt;/i&gt; (einer je Senkungspunkt), &lt;i&gt;Stichproben entnehmen&lt;/i&gt; (zufällige Aufteilung), &lt;i&gt;DRDN trainieren&lt;/i&gt;, &lt;i&gt;Suszeptibilität vorhersagen&lt;/i&gt;, &lt;i&gt;Suszeptibilität klassifizieren&lt;/i&gt; (fünf Klassen nach natürlichen Unterbrechungen), &lt;i&gt;Häufigkeitsverhältnis&lt;/i&gt; und &lt;i&gt;Modelle validieren&lt;/i&gt;. Die übrigen Einstellungen haben ihre Vorgaben.</translation>
    </message>
    <message>
        <source>The table holds TP, TN, FP, FN, PPV, NPV, sensitivity, specificity, accuracy, Kappa and AUC with its bootstrap interval; MAE and RMSE both on labels (as in Table 1 of the paper) and on probabilities (as in Figure 5); average precision, Brier score, and the expected calibration error (ten bins of equal width) beside what chance alone would leave. Fractions are from 0 to 1. It also holds the figures at the threshold with the largest Youden index, found on the training rows.</source>
        <translation>Die Tabelle enthält TP, TN, FP, FN, PPV, NPV, Sensitivität, Spezifität, Genauigkeit, Kappa und AUC mit Bootstrap-Intervall; MAE und RMSE sowohl auf Labels (wie in Tabelle 1 des Artikels) als auch auf Wahrscheinlichkeiten (wie in Abbildung 5); mittlere Präzision (Average Precision), Brier-Score und den erwarteten Kalibrierungsfehler (zehn Klassen gleicher Breite) neben dem, was allein der Zufall ließe. Anteile reichen von 0 bis 1. Sie enthält auch die Kennzahlen am Schwellenwert mit dem größten Youden-Index, bestimmt auf den Trainingszeilen.</translation>
    </message>
    <message>
        <source>The test dates decide nothing. Report and log begin with the skill of the ensemble there against the best simple forecast, also where it is negative.</source>
        <translation>Die Testtermine entscheiden nichts. Bericht und Protokoll beginnen mit der dortigen Güte des Ensembles gegenüber der besten einfachen Prognose, auch wenn sie negativ ist.</translation>
    </message>
    <message>
        <source>The test is Welch&apos;s two-sided t-test. Its p-values are corrected by the method of Benjamini and Hochberg over all comparisons of the run.</source>
        <translation>Der Test ist der zweiseitige t-Test nach Welch. Seine p-Werte werden mit der Methode von Benjamini und Hochberg über alle Vergleiche des Laufs korrigiert.</translation>
    </message>
    <message>
        <source>The threshold is the upper whisker of the index of the training rows (Q3 + 1.5 interquartile ranges, at most the maximum), each row against the rows of other folds. So the area inside is the one for which a cross-validation with these folds holds on average. Spatial folds give a wider area than random ones, and go with the larger error of a spatial cross-validation.</source>
        <translation>Der Schwellenwert ist der obere Whisker des Index der Trainingszeilen (Q3 + 1.5 Interquartilsabstände, höchstens das Maximum), jede Zeile gegen die Zeilen anderer Teilmengen. Die Fläche innerhalb ist damit die, für die eine Kreuzvalidierung mit diesen Teilmengen im Mittel gilt. Räumliche Teilmengen ergeben eine größere Fläche als zufällige und gehören zum größeren Fehler einer räumlichen Kreuzvalidierung.</translation>
    </message>
    <message>
        <source>The time series are held in memory (4 bytes for each point and date); the maps are computed and written in blocks.</source>
        <translation>Die Zeitreihen werden im Speicher gehalten (4 Byte je Punkt und Termin); die Karten werden blockweise berechnet und geschrieben.</translation>
    </message>
    <message>
        <source>The variance of the members&apos; levels: 0 where all agree, 2.25 where half say Low and half say Highest.</source>
        <translation>Die Varianz der Stufen der Mitglieder: 0, wo alle übereinstimmen, 2.25, wo die Hälfte Niedrig und die Hälfte Höchste sagt.</translation>
    </message>
    <message>
        <source>Tiles are computed in several threads, so memory does not grow with the raster. Only the variant &lt;i&gt;Paper&lt;/i&gt; takes the whole grid at once.</source>
        <translation>Kacheln werden in mehreren Threads berechnet, sodass der Speicherbedarf nicht mit dem Raster wächst. Nur die Variante &lt;i&gt;Artikel&lt;/i&gt; nimmt das ganze Gitter auf einmal.</translation>
    </message>
    <message>
        <source>Time series</source>
        <translation>Zeitreihe</translation>
    </message>
    <message>
        <source>Title of the project and of the printed map.</source>
        <translation>Titel des Projekts und der gedruckten Karte.</translation>
    </message>
    <message>
        <source>Train a model, and map the probability with it.</source>
        <translation>Ein Modell trainieren und damit die Wahrscheinlichkeit kartieren.</translation>
    </message>
    <message>
        <source>Train networks that foretell the next dates; or have their settings searched.</source>
        <translation>Netze trainieren, die die nächsten Termine vorhersagen, oder ihre Einstellungen suchen lassen.</translation>
    </message>
    <message>
        <source>Training rows in each step.</source>
        <translation>Trainingszeilen in jedem Schritt.</translation>
    </message>
    <message>
        <source>Training stops after so many epochs without a lower hold-out loss.</source>
        <translation>Das Training hält nach so vielen Epochen ohne geringeren Verlust auf den zurückgehaltenen Zeilen an.</translation>
    </message>
    <message>
        <source>Training windows that the optimizer takes at each step.</source>
        <translation>Trainingsfenster, die der Optimierer in jedem Schritt verwendet.</translation>
    </message>
    <message>
        <source>Trains a convolutional neural network (CNN) on samples: one-dimensional filters run along the factors of a pixel, then two dense layers decide.</source>
        <translation>Trainiert ein faltendes neuronales Netz (CNN) auf Stichproben: eindimensionale Filter laufen über die Faktoren eines Pixels, dann entscheiden zwei Dense-Schichten.</translation>
    </message>
    <message>
        <source>Trains a deep residual dense network (DRDN) on samples: an input layer, residual blocks of two fully connected layers with identity skips, a layer that fuses the outputs of all blocks, and two dense layers.</source>
        <translation>Trainiert ein tiefes residuales dichtes Netz (DRDN) auf Stichproben: eine Eingabeschicht, Residualblöcke aus zwei vollständig verbundenen Schichten mit Identitätsverbindungen, eine Schicht, die die Ausgaben aller Blöcke vereint, und zwei Dense-Schichten.</translation>
    </message>
    <message>
        <source>Trains a hybrid of convolution and long short-term memory (CNN-LSTM) on samples: filters run along the factors of a pixel, an LSTM reads their outputs as a sequence, then a dense layer decides.</source>
        <translation>Trainiert eine Kombination aus Faltung und Long Short-Term Memory (CNN-LSTM) auf Stichproben: Filter laufen über die Faktoren eines Pixels, ein LSTM liest ihre Ausgaben als Folge, dann entscheidet eine Dense-Schicht.</translation>
    </message>
    <message>
        <source>Trains a long short-term memory network (LSTM) on samples: it reads the factors of a pixel one after another as a sequence and decides from its last state.</source>
        <translation>Trainiert ein Netz mit Long Short-Term Memory (LSTM) auf Stichproben: es liest die Faktoren eines Pixels nacheinander als Folge und entscheidet aus seinem letzten Zustand.</translation>
    </message>
    <message>
        <source>Trains a network that forecasts the next dates of a deformation stack: a spatial encoder reads the map of each date, a temporal encoder their sequence, and a decoder gives all future dates at once.</source>
        <translation>Trainiert ein Netz, das die nächsten Termine eines Deformationsstapels prognostiziert: ein räumlicher Encoder liest die Karte jedes Termins, ein zeitlicher Encoder deren Folge, und ein Decoder liefert alle künftigen Termine auf einmal.</translation>
    </message>
    <message>
        <source>Trains, in seconds, one of the simple models that a network must beat: logistic regression, random forest, gradient boosting or the frequency ratio model.</source>
        <translation>Trainiert in Sekunden eines der einfachen Modelle, die ein Netz schlagen muss: logistische Regression, Random Forest, Gradient Boosting oder das Modell der Häufigkeitsverhältnisse.</translation>
    </message>
    <message>
        <source>Trees of the random forest; more give smoother probabilities and larger files.</source>
        <translation>Bäume des Random Forest; mehr ergeben glattere Wahrscheinlichkeiten und größere Dateien.</translation>
    </message>
    <message>
        <source>Trials trained at the same time. With more than 1 each takes a process and a core, and the seed no longer repeats the search.</source>
        <translation>Gleichzeitig trainierte Versuche. Bei mehr als 1 belegt jeder einen Prozess und einen Kern, und der Startwert wiederholt die Suche nicht mehr.</translation>
    </message>
    <message>
        <source>True probability of the example</source>
        <translation>Wahre Wahrscheinlichkeit des Beispiels</translation>
    </message>
    <message>
        <source>Tuning takes most of the time. Open the workflow in QGIS&apos;s model designer to change a step.</source>
        <translation>Das Abstimmen benötigt die meiste Zeit. Zum Ändern eines Schritts den Arbeitsablauf im Modellentwurf von QGIS öffnen.</translation>
    </message>
    <message>
        <source>Turns InSAR points with time series into a deformation stack, a raster with one band for each date, by inverse distance weighting of each date; displacement is in mm with the sign of the points.</source>
        <translation>Macht aus InSAR-Punkten mit Zeitreihen einen Deformationsstapel, ein Raster mit einem Kanal je Termin, durch inverse Distanzgewichtung jedes Termins; die Verschiebung ist in mm mit dem Vorzeichen der Punkte.</translation>
    </message>
    <message>
        <source>Turns an ensemble, several predictions of the same map, into levels of intensity and maps that tell how reliable these levels are.</source>
        <translation>Macht aus einem Ensemble, mehreren Vorhersagen derselben Karte, Intensitätsstufen und Karten, die zeigen, wie zuverlässig diese Stufen sind.</translation>
    </message>
    <message>
        <source>Turns every band of a factor stack into classes 1, 2, … k (0 is nodata) and writes them as a class stack, with rules that can be applied to another area.</source>
        <translation>Wandelt jeden Kanal eines Faktorenstapels in Klassen 1, 2, … k um (0 ist NoData) und schreibt sie als Klassenstapel, mit Regeln, die auf ein anderes Gebiet anwendbar sind.</translation>
    </message>
    <message>
        <source>Turns line-of-sight time series of an ascending and a descending track into vertical and east displacement on one grid and on common dates.</source>
        <translation>Wandelt Zeitreihen in Blickrichtung einer aufsteigenden und einer absteigenden Spur in vertikale und östliche Verschiebung auf einem Gitter und zu gemeinsamen Terminen um.</translation>
    </message>
    <message>
        <source>Turns the maps of an ensemble and the residuals of a forecast into seven classes of action: where to intervene, verify, measure more densely or only inspect.</source>
        <translation>Macht aus den Karten eines Ensembles und den Residuen einer Prognose sieben Maßnahmenklassen: wo einzugreifen, zu prüfen, dichter zu messen oder nur zu kontrollieren ist.</translation>
    </message>
    <message>
        <source>Two to four ascending percentages, with commas between them, at which the levels begin.</source>
        <translation>Zwei bis vier aufsteigende Prozentsätze, durch Kommas getrennt, bei denen die Stufen beginnen.</translation>
    </message>
    <message>
        <source>Uncertainty</source>
        <translation>Unsicherheit</translation>
    </message>
    <message>
        <source>Unit of the displacements (and of velocities a year) in the table; they are converted to mm. EGMS is in mm.</source>
        <translation>Einheit der Verschiebungen (und der Geschwindigkeiten pro Jahr) in der Tabelle; sie werden in mm umgerechnet. EGMS ist in mm.</translation>
    </message>
    <message>
        <source>Unstable high: verify in the field before building</source>
        <translation>Instabil hoch: vor dem Bauen im Gelände prüfen</translation>
    </message>
    <message>
        <source>Upper end of the prediction interval, one band for each future date, in mm. Needs a forecaster with calibrated intervals.</source>
        <translation>Obere Grenze des Prognoseintervalls, ein Kanal je künftigem Termin, in mm. Erfordert ein Prognosemodell mit kalibrierten Intervallen.</translation>
    </message>
    <message>
        <source>Values</source>
        <translation>Werte</translation>
    </message>
    <message>
        <source>Vertical displacement at each date in mm (negative is subsidence), with the fields of level 3 of the European Ground Motion Service. A shapefile is not possible.</source>
        <translation>Vertikale Verschiebung an jedem Termin in mm (negativ ist Senkung), mit den Feldern von Level 3 des Europäischen Bodenbewegungsdienstes. Ein Shapefile ist nicht möglich.</translation>
    </message>
    <message>
        <source>Very high</source>
        <translation>Sehr hoch</translation>
    </message>
    <message>
        <source>Very low</source>
        <translation>Sehr niedrig</translation>
    </message>
    <message>
        <source>What stands for the motion northwards: zero, as in EGMS L3, or the velocity in mm/yr of the field gnss_velocity_n.</source>
        <translation>Was für die Bewegung nach Norden steht: null wie bei EGMS L3 oder die Geschwindigkeit in mm/yr aus dem Feld gnss_velocity_n.</translation>
    </message>
    <message>
        <source>What the SHAP values are shares of: the probability, as in the paper, or its log-odds ln(p / (1 − p)), on which effects near 0 and 1 count as much as in between. Probabilities are held between 0.000001 and 0.999999 there.</source>
        <translation>Wovon die SHAP-Werte Anteile sind: von der Wahrscheinlichkeit, wie im Artikel, oder von ihren Log-Odds ln(p / (1 − p)), bei denen Wirkungen nahe 0 und 1 ebenso viel zählen wie dazwischen. Wahrscheinlichkeiten werden dort zwischen 0.000001 und 0.999999 gehalten.</translation>
    </message>
    <message>
        <source>What the best trial is best in. AUC only wants places ranked well; log loss wants honest probabilities, too.</source>
        <translation>Worin der beste Versuch der beste ist. AUC verlangt nur eine gute Rangfolge der Orte; der Log-Verlust verlangt zudem ehrliche Wahrscheinlichkeiten.</translation>
    </message>
    <message>
        <source>What the displacements are. Automatic reads it from the columns (line of sight) and names (U, E) of EGMS files; choose it for others.</source>
        <translation>Was die Verschiebungen sind. Automatisch liest es aus den Spalten (Blickrichtung) und Namen (U, E) der EGMS-Dateien; für andere wählen.</translation>
    </message>
    <message>
        <source>What the members hold. It decides on units and legends, not on the formulas; probabilities outside 0 to 1 are refused.</source>
        <translation>Was die Mitglieder enthalten. Dies bestimmt Einheiten und Legenden, nicht die Formeln; Wahrscheinlichkeiten außerhalb von 0 bis 1 werden abgelehnt.</translation>
    </message>
    <message>
        <source>What the others are compared with: a configuration (each model&apos;s other configurations are compared with it), a model (all other models are), or both as &apos;model (configuration)&apos;. Empty: PAIRS decides.</source>
        <translation>Womit die übrigen verglichen werden: eine Konfiguration (mit ihr werden die anderen Konfigurationen jedes Modells verglichen), ein Modell (alle anderen Modelle) oder beides als &apos;Modell (Konfiguration)&apos;. Leer: PAIRS entscheidet.</translation>
    </message>
    <message>
        <source>Where a table has no velocity, or dates are left out, velocity, acceleration, seasonality and rmse are fitted by least squares: a line with an annual wave for the velocity, a parabola with one for the acceleration.</source>
        <translation>Wenn eine Tabelle keine Geschwindigkeit enthält oder Termine entfallen, werden Geschwindigkeit, Beschleunigung, Saisonalität und rmse nach der Methode der kleinsten Quadrate angepasst: eine Gerade mit Jahreswelle für die Geschwindigkeit, eine Parabel mit Jahreswelle für die Beschleunigung.</translation>
    </message>
    <message>
        <source>Where dates of a track lie farther apart than this, the result between them is left empty.</source>
        <translation>Liegen Termine einer Spur weiter auseinander als dieser Wert, bleibt das Ergebnis dazwischen leer.</translation>
    </message>
    <message>
        <source>Where may the ground sink? The susceptibility map</source>
        <translation>Wo kann der Boden sinken? Die Suszeptibilitätskarte</translation>
    </message>
    <message>
        <source>Where the results are</source>
        <translation>Wo die Ergebnisse liegen</translation>
    </message>
    <message>
        <source>Where the samples have a split, the ratio is made from validation events, the success-rate curve from training events and the prediction-rate curve from validation events. Without a split all events count, and the log says so.</source>
        <translation>Haben die Stichproben eine Aufteilung, wird das Verhältnis aus Validierungsereignissen berechnet, die Erfolgsratenkurve aus Trainingsereignissen und die Vorhersageratenkurve aus Validierungsereignissen. Ohne Aufteilung zählen alle Ereignisse, was im Protokoll steht.</translation>
    </message>
    <message>
        <source>Which part of the training rows judges a trial. A hold-out is fastest. Spatial folds choose values that carry over to new places, where a random hold-out would choose those that fit the neighbourhood best. Folds cost one training each in every trial.</source>
        <translation>Welcher Teil der Trainingszeilen einen Versuch beurteilt. Zurückgehaltene Zeilen sind am schnellsten. Räumliche Teilmengen wählen Werte, die sich auf neue Orte übertragen, während zufällig zurückgehaltene Zeilen jene wählen, die am besten zur Nachbarschaft passen. Teilmengen kosten in jedem Versuch je ein Training.</translation>
    </message>
    <message>
        <source>Which side of the limit is kept; only used with a quality field.</source>
        <translation>Welche Seite der Grenze behalten wird; nur mit einem Qualitätsfeld verwendet.</translation>
    </message>
    <message>
        <source>Why this probability (SHAP)</source>
        <translation>Warum diese Wahrscheinlichkeit (SHAP)</translation>
    </message>
    <message>
        <source>Width of the filters, an odd number of factors.</source>
        <translation>Breite der Filter, eine ungerade Anzahl von Faktoren.</translation>
    </message>
    <message>
        <source>With InSAR points of &lt;i&gt;Import InSAR time series&lt;/i&gt; or &lt;i&gt;Create example area&lt;/i&gt;, to get all results of the paper in one run. Run the single algorithms instead to look at each result before the next step.</source>
        <translation>Mit InSAR-Punkten von &lt;i&gt;InSAR-Zeitreihen importieren&lt;/i&gt; oder &lt;i&gt;Beispielgebiet erzeugen&lt;/i&gt;, um alle Ergebnisse des Artikels in einem Lauf zu erhalten. Stattdessen die einzelnen Algorithmen ausführen, um jedes Ergebnis vor dem nächsten Schritt zu betrachten.</translation>
    </message>
    <message>
        <source>With LEVELS, classes 1 and 2 ask for the level High or Highest instead of P, and such a cell counts as P in the other classes. Give EXCEEDANCE or LEVELS, or both. Without RESIDUAL, classes 3, 4 and 6 cannot occur.</source>
        <translation>Mit LEVELS verlangen die Klassen 1 und 2 die Stufe Hoch oder Höchste anstelle von P, und eine solche Zelle zählt in den übrigen Klassen als P. EXCEEDANCE oder LEVELS oder beide angeben. Ohne RESIDUAL können die Klassen 3, 4 und 6 nicht vorkommen.</translation>
    </message>
    <message>
        <source>With a quality field, only points on the good side of its limit count. Level 2 products have temporal_coherence, of which high values are good. Level 3 products have no coherence: take a low rmse_ts (release 2020–2024) or rmse (older releases).</source>
        <translation>Mit einem Qualitätsfeld zählen nur Punkte auf der guten Seite seiner Grenze. Level-2-Produkte haben temporal_coherence, bei der hohe Werte gut sind. Level-3-Produkte haben keine Kohärenz: ein niedriges rmse_ts (Ausgabe 2020–2024) oder rmse (ältere Ausgaben) verwenden.</translation>
    </message>
    <message>
        <source>With repeats the runs table also has the networks with the defaults, called &lt;i&gt;manual&lt;/i&gt;. &lt;i&gt;Compare repeated runs&lt;/i&gt; makes Table 1 and Figures 3 and 4 of the paper from the runs tables of several architectures; six architectures and three metrics make 18 comparisons.</source>
        <translation>Mit Wiederholungen enthält die Lauftabelle auch die Netze mit den Vorgaben, genannt &lt;i&gt;manual&lt;/i&gt;. &lt;i&gt;Wiederholte Läufe vergleichen&lt;/i&gt; erstellt Tabelle 1 und die Abbildungen 3 und 4 des Artikels aus den Lauftabellen mehrerer Architekturen; sechs Architekturen und drei Metriken ergeben 18 Vergleiche.</translation>
    </message>
    <message>
        <source>Without a probability raster the curves come from the classes; five classes give a curve of five points only.</source>
        <translation>Ohne Wahrscheinlichkeitsraster stammen die Kurven aus den Klassen; fünf Klassen ergeben eine Kurve aus nur fünf Punkten.</translation>
    </message>
    <message>
        <source>Working out the SHAP values …</source>
        <translation>SHAP-Werte werden berechnet …</translation>
    </message>
    <message>
        <source>Worst value that counts as good, in the unit of the quality field. Needed with a quality field. Empty: none.</source>
        <translation>Schlechtester Wert, der noch als gut gilt, in der Einheit des Qualitätsfelds. Mit einem Qualitätsfeld erforderlich. Leer: keiner.</translation>
    </message>
    <message>
        <source>Writes the data of the trials to a file that workers on other computers need beside STORAGE (a database URL); the log shows the command that starts such a worker, which needs Python with torch and optuna (a GCN also scipy) but no QGIS. It is written at the start and stays. Empty: none.</source>
        <translation>Schreibt die Daten der Versuche in eine Datei, die Arbeitsprozesse auf anderen Rechnern neben STORAGE (einer Datenbank-URL) benötigen; das Protokoll zeigt den Befehl zum Starten eines solchen Arbeitsprozesses, der Python mit torch und optuna braucht (ein GCN auch scipy), aber kein QGIS. Sie wird zu Beginn geschrieben und bleibt erhalten. Leer: keine.</translation>
    </message>
    <message>
        <source>Written: {path}</source>
        <translation>Geschrieben: {path}</translation>
    </message>
    <message>
        <source>Your models have a copy that differs from the workflow of this plugin: {path}</source>
        <translation>Unter den eigenen Modellen liegt eine Kopie, die vom Arbeitsablauf dieser Erweiterung abweicht: {path}</translation>
    </message>
    <message>
        <source>above {number}</source>
        <translation>über {number}</translation>
    </message>
    <message>
        <source>above {number} mm since {date}</source>
        <translation>über {number} mm seit {date}</translation>
    </message>
    <message>
        <source>above {number} mm/yr</source>
        <translation>über {number} mm/yr</translation>
    </message>
    <message>
        <source>below {number}</source>
        <translation>unter {number}</translation>
    </message>
    <message>
        <source>below {number} mm since {date}</source>
        <translation>unter {number} mm seit {date}</translation>
    </message>
    <message>
        <source>below {number} mm/yr</source>
        <translation>unter {number} mm/yr</translation>
    </message>
    <message>
        <source>class {code}</source>
        <translation>Klasse {code}</translation>
    </message>
    <message>
        <source>class {code}: {meaning}</source>
        <translation>Klasse {code}: {meaning}</translation>
    </message>
    <message>
        <source>exceedance high, residual high</source>
        <translation>Überschreitung hoch, Residuum hoch</translation>
    </message>
    <message>
        <source>exceedance high, spread high</source>
        <translation>Überschreitung hoch, Streuung hoch</translation>
    </message>
    <message>
        <source>exceedance high, spread low</source>
        <translation>Überschreitung hoch, Streuung gering</translation>
    </message>
    <message>
        <source>exceedance or level high, residual high</source>
        <translation>Überschreitung oder Stufe hoch, Residuum hoch</translation>
    </message>
    <message>
        <source>forecast</source>
        <translation>Prognose</translation>
    </message>
    <message>
        <source>from {date}</source>
        <translation>ab {date}</translation>
    </message>
    <message>
        <source>greater than 0</source>
        <translation>größer als 0</translation>
    </message>
    <message>
        <source>interval</source>
        <translation>Intervall</translation>
    </message>
    <message>
        <source>its file is missing</source>
        <translation>die Datei fehlt</translation>
    </message>
    <message>
        <source>last {date}: {value}</source>
        <translation>letzter Wert {date}: {value}</translation>
    </message>
    <message>
        <source>level high, residual high</source>
        <translation>Stufe hoch, Residuum hoch</translation>
    </message>
    <message>
        <source>level high, spread high</source>
        <translation>Stufe hoch, Streuung hoch</translation>
    </message>
    <message>
        <source>level high, spread low</source>
        <translation>Stufe hoch, Streuung gering</translation>
    </message>
    <message>
        <source>log-odds</source>
        <translation>Log-Odds</translation>
    </message>
    <message>
        <source>mean_velocity, acceleration and seasonality come from fits of each track on its own dates. Their standard errors are those of the fits, carried through the decomposition under the assumption that errors are independent from date to date and between tracks. rmse is the standard deviation of one date, carried through likewise.</source>
        <translation>mean_velocity, acceleration und seasonality stammen aus Anpassungen jeder Spur an ihren eigenen Terminen. Ihre Standardfehler sind die der Anpassungen, durch die Zerlegung fortgepflanzt unter der Annahme, dass Fehler von Termin zu Termin und zwischen den Spuren unabhängig sind. rmse ist die ebenso fortgepflanzte Standardabweichung eines Termins.</translation>
    </message>
    <message>
        <source>no value here</source>
        <translation>hier kein Wert</translation>
    </message>
    <message>
        <source>none of the above</source>
        <translation>nichts davon</translation>
    </message>
    <message>
        <source>not a file; save it to one</source>
        <translation>keine Datei; in eine Datei speichern</translation>
    </message>
    <message>
        <source>observed</source>
        <translation>beobachtet</translation>
    </message>
    <message>
        <source>origin {date}</source>
        <translation>Ausgangstermin {date}</translation>
    </message>
    <message>
        <source>probability</source>
        <translation>Wahrscheinlichkeit</translation>
    </message>
    <message>
        <source>probability of subsidence</source>
        <translation>Wahrscheinlichkeit der Senkung</translation>
    </message>
    <message>
        <source>recalibrated log-odds</source>
        <translation>rekalibrierte Log-Odds</translation>
    </message>
    <message>
        <source>recalibrated probability</source>
        <translation>rekalibrierte Wahrscheinlichkeit</translation>
    </message>
    <message>
        <source>residual high, spread high</source>
        <translation>Residuum hoch, Streuung hoch</translation>
    </message>
    <message>
        <source>residual high, spread not high</source>
        <translation>Residuum hoch, Streuung nicht hoch</translation>
    </message>
    <message>
        <source>spread or exceedance high, residual not high</source>
        <translation>Streuung oder Überschreitung hoch, Residuum nicht hoch</translation>
    </message>
    <message>
        <source>spread or level high, residual not high</source>
        <translation>Streuung oder Stufe hoch, Residuum nicht hoch</translation>
    </message>
    <message>
        <source>spread, exceedance or level high, residual not high</source>
        <translation>Streuung, Überschreitung oder Stufe hoch, Residuum nicht hoch</translation>
    </message>
    <message>
        <source>up to {number}</source>
        <translation>bis {number}</translation>
    </message>
    <message>
        <source>{count} background rows</source>
        <translation>{count} Hintergrundzeilen</translation>
    </message>
    <message>
        <source>{count} others together</source>
        <translation>{count} weitere zusammen</translation>
    </message>
    <message>
        <source>{count} random cells of the stack (no layer of samples is loaded)</source>
        <translation>{count} zufällige Zellen des Stapels (kein Stichprobenlayer ist geladen)</translation>
    </message>
    <message>
        <source>{count} training rows of &apos;{layer}&apos;</source>
        <translation>{count} Trainingszeilen von &apos;{layer}&apos;</translation>
    </message>
    <message>
        <source>{layer}, cell</source>
        <translation>{layer}, Zelle</translation>
    </message>
    <message>
        <source>{layer}, point at {distance} m</source>
        <translation>{layer}, Punkt in {distance} m Entfernung</translation>
    </message>
    <message>
        <source>{layer}: by date</source>
        <translation>{layer}: nach Termin</translation>
    </message>
    <message>
        <source>{low} to {high}</source>
        <translation>{low} bis {high}</translation>
    </message>
    <message>
        <source>{low} to {high} mm since {date}</source>
        <translation>{low} bis {high} mm seit {date}</translation>
    </message>
    <message>
        <source>{low} to {high} mm/yr</source>
        <translation>{low} bis {high} mm/yr</translation>
    </message>
    <message>
        <source>{meaning} No target lies across a border between two parts.</source>
        <translation>{meaning} Kein Ziel liegt über einer Grenze zwischen zwei Teilen.</translation>
    </message>
    <message>
        <source>{number} and less</source>
        <translation>{number} und weniger</translation>
    </message>
    <message>
        <source>{number} and less since {date}</source>
        <translation>{number} und weniger seit {date}</translation>
    </message>
    <message>
        <source>{number} and more</source>
        <translation>{number} und mehr</translation>
    </message>
    <message>
        <source>{number} and more since {date}</source>
        <translation>{number} und mehr seit {date}</translation>
    </message>
    <message>
        <source>{percent} % interval</source>
        <translation>{percent}-%-Intervall</translation>
    </message>
    <message>
        <source>{value} ({low} to {high}, members: {count})</source>
        <translation>{value} ({low} bis {high}, Mitglieder: {count})</translation>
    </message>
    <message>
        <source>{value} {unit} on {date}</source>
        <translation>{value} {unit} am {date}</translation>
    </message>
    <message>
        <source>Coordinates: {system}</source>
        <translation>Koordinaten: {system}</translation>
    </message>
    <message>
        <source>No data</source>
        <translation>Keine Daten</translation>
    </message>
    <message>
        <source>One raster for each factor that is not made from elevation or bands, wells with the groundwater level (wells.gpkg) and the trace of a fault (fault.gpkg): with the elevation model, this is what a study begins with. Empty: no such layers.</source>
        <translation>Ein Raster je Faktor, der nicht aus Höhe oder Kanälen entsteht, Brunnen mit dem Grundwasserstand (wells.gpkg) und die Spur einer Störung (fault.gpkg): zusammen mit dem Höhenmodell das, womit eine Untersuchung beginnt. Leer: keine solchen Layer.</translation>
    </message>
    <message>
        <source>east</source>
        <translation>Ost</translation>
    </message>
    <message>
        <source>line of sight</source>
        <translation>Blickrichtung</translation>
    </message>
    <message>
        <source>north</source>
        <translation>Nord</translation>
    </message>
    <message>
        <source>vertical</source>
        <translation>vertikal</translation>
    </message>
    <message>
        <source>{layer} ({component})</source>
        <translation>{layer} ({component})</translation>
    </message>
    <message>
        <source>{title}: {value}</source>
        <translation>{title}: {value}</translation>
    </message>
    <message>
        <source>One A4 page of the visible layers, and one more for each map of forecast, residuals, uncertainty and deformation.</source>
        <translation>Eine A4-Seite der sichtbaren Layer und je eine weitere für jede Karte von Prognose, Residuen, Unsicherheit und Deformation.</translation>
    </message>
    <message>
        <source>The dates play in QGIS&apos;s temporal controller. QGIS before 3.38 gets a group with one layer for each date (at most 160, evenly spaced), which is drawn while the controller is on.</source>
        <translation>Die Termine laufen in der Zeitsteuerung von QGIS ab. QGIS vor 3.38 bekommt eine Gruppe mit einem Layer je Termin (höchstens 160, gleichmäßig verteilt), die gezeichnet wird, solange die Zeitsteuerung eingeschaltet ist.</translation>
    </message>
    <message>
        <source>Distances to faults, rivers or roads come from QGIS&apos;s own tool Proximity (raster distance). Set its nodata value to -1: with 0, its default, the cells on the line itself would have no data.</source>
        <translation>Abstände zu Störungen, Flüssen oder Straßen liefert das QGIS-eigene Werkzeug „Proximity (raster distance)“ (Nähe, Rasterabstand). Dort den NoData-Wert auf -1 setzen: mit der Vorgabe 0 hätten die Zellen auf der Linie selbst keine Daten.</translation>
    </message>
    <message>
        <source>Classify susceptibility (Jenks)</source>
        <translation>Suszeptibilität klassifizieren (Jenks)</translation>
    </message>
    <message>
        <source>Distance of absence points from subsidence (map units)</source>
        <translation>Abstand der Abwesenheitspunkte von Senkung (Karteneinheiten)</translation>
    </message>
    <message>
        <source>Forecast from a past date</source>
        <translation>Prognose ab einem vergangenen Termin</translation>
    </message>
    <message>
        <source>Reclassify factors (Jenks)</source>
        <translation>Faktoren reklassifizieren (Jenks)</translation>
    </message>
    <message>
        <source>Residuals</source>
        <translation>Residuen</translation>
    </message>
    <message>
        <source>Tune ResNet + Transformer</source>
        <translation>ResNet + Transformer abstimmen</translation>
    </message>
    <message>
        <source>Validate model</source>
        <translation>Modell validieren</translation>
    </message>
    <message>
        <source>The example project is open. Next:</source>
        <translation>Beispielprojekt geöffnet. Weiter mit:</translation>
    </message>
    <message>
        <source>The folder {folder} has a file {name} already; choose an empty folder.</source>
        <translation>Im Ordner {folder} liegt schon eine Datei {name}; einen leeren Ordner wählen.</translation>
    </message>
    <message>
        <source>{title}: report</source>
        <translation>{title}: Bericht</translation>
    </message>
</context>
</TS>
