"""OCPP 1.6: made by `make shapes` of the OCA's JSON schemas (NOTICE), not to be edited."""

from ingest.ocpp.shapes import INTEGER, TEXT, TIME, WHOLE, Shape, array, names, record, text, word

UploadLogStatusEnumType = word(
    "BadMessage Idle NotSupportedOperation PermissionDenied Uploaded UploadFailure Uploading"
)
FirmwareStatusEnumType = word(
    "Downloaded DownloadFailed Downloading DownloadScheduled DownloadPaused Idle "
    "InstallationFailed Installing Installed InstallRebooting InstallScheduled "
    "InstallVerificationFailed InvalidSignature SignatureVerified"
)
#: What a charger asks.
REQUESTS = {
    "Authorize": Shape({"idTag!": text(20)}),
    "BootNotification": Shape(
        {
            "chargePointVendor!": text(20),
            "chargePointModel!": text(20),
            "chargePointSerialNumber": text(25),
            "chargeBoxSerialNumber": text(25),
            "firmwareVersion": text(50),
            "iccid": text(20),
            "imsi": text(20),
            "meterType": text(25),
            "meterSerialNumber": text(25),
        }
    ),
    "DataTransfer": Shape({"vendorId!": text(255), "messageId": text(50), "data": TEXT}),
    "DiagnosticsStatusNotification": Shape({"status!": word("Idle Uploaded UploadFailed Uploading")}),
    "FirmwareStatusNotification": Shape(
        {"status!": word("Downloaded DownloadFailed Downloading Idle InstallationFailed Installing Installed")}
    ),
    "Heartbeat": Shape({}),
    "LogStatusNotification": Shape({"status!": UploadLogStatusEnumType, "requestId": WHOLE}),
    "MeterValues": Shape(
        {
            "connectorId!": INTEGER,
            "transactionId": INTEGER,
            "meterValue!": array(
                record(
                    {
                        "timestamp!": TIME,
                        "sampledValue!": array(
                            record(
                                {
                                    "value!": TEXT,
                                    "context": word(
                                        "Interruption.Begin Interruption.End Sample.Clock Sample.Periodic "
                                        "Transaction.Begin Transaction.End Trigger Other"
                                    ),
                                    "format": word("Raw SignedData"),
                                    "measurand": word(
                                        "Energy.Active.Export.Register Energy.Active.Import.Register "
                                        "Energy.Reactive.Export.Register Energy.Reactive.Import.Register "
                                        "Energy.Active.Export.Interval Energy.Active.Import.Interval "
                                        "Energy.Reactive.Export.Interval Energy.Reactive.Import.Interval "
                                        "Power.Active.Export Power.Active.Import Power.Offered Power.Reactive.Export "
                                        "Power.Reactive.Import Power.Factor Current.Import Current.Export Current.Offered "
                                        "Voltage Frequency Temperature SoC RPM"
                                    ),
                                    "phase": word("L1 L2 L3 N L1-N L2-N L3-N L1-L2 L2-L3 L3-L1"),
                                    "location": word("Cable EV Inlet Outlet Body"),
                                    "unit": word(
                                        "Wh kWh varh kvarh W kW VA kVA var kvar A V K Celcius Celsius Fahrenheit Percent "
                                        "Hertz"
                                    ),
                                }
                            ),
                            least=1,
                        ),
                    }
                ),
                least=1,
            ),
        }
    ),
    "SecurityEventNotification": Shape({"type!": text(50), "timestamp!": TIME, "techInfo": text(255)}),
    "SignCertificate": Shape({"csr!": text(5500)}),
    "SignedFirmwareStatusNotification": Shape({"status!": FirmwareStatusEnumType, "requestId": WHOLE}),
    "StartTransaction": Shape(
        {
            "connectorId!": INTEGER,
            "idTag!": text(20),
            "meterStart!": INTEGER,
            "reservationId": INTEGER,
            "timestamp!": TIME,
        }
    ),
    "StatusNotification": Shape(
        {
            "connectorId!": INTEGER,
            "errorCode!": word(
                "ConnectorLockFailure EVCommunicationError GroundFailure HighTemperature "
                "InternalError LocalListConflict NoError OtherError OverCurrentFailure "
                "PowerMeterFailure PowerSwitchFailure ReaderFailure ResetFailure UnderVoltage "
                "OverVoltage WeakSignal"
            ),
            "info": text(50),
            "status!": word(
                "Available Preparing Charging SuspendedEVSE SuspendedEV Finishing Reserved Unavailable Faulted"
            ),
            "timestamp": TIME,
            "vendorId": text(255),
            "vendorErrorCode": text(50),
        }
    ),
    "StopTransaction": Shape(
        {
            "idTag": text(20),
            "meterStop!": INTEGER,
            "timestamp!": TIME,
            "transactionId!": INTEGER,
            "reason": word(
                "EmergencyStop EVDisconnected HardReset Local Other PowerLoss Reboot Remote "
                "SoftReset UnlockCommand DeAuthorized"
            ),
            "transactionData": array(
                record(
                    {
                        "timestamp!": TIME,
                        "sampledValue!": array(
                            record(
                                {
                                    "value!": TEXT,
                                    "context": word(
                                        "Interruption.Begin Interruption.End Sample.Clock Sample.Periodic "
                                        "Transaction.Begin Transaction.End Trigger Other"
                                    ),
                                    "format": word("Raw SignedData"),
                                    "measurand": word(
                                        "Energy.Active.Export.Register Energy.Active.Import.Register "
                                        "Energy.Reactive.Export.Register Energy.Reactive.Import.Register "
                                        "Energy.Active.Export.Interval Energy.Active.Import.Interval "
                                        "Energy.Reactive.Export.Interval Energy.Reactive.Import.Interval "
                                        "Power.Active.Export Power.Active.Import Power.Offered Power.Reactive.Export "
                                        "Power.Reactive.Import Power.Factor Current.Import Current.Export Current.Offered "
                                        "Voltage Frequency Temperature SoC RPM"
                                    ),
                                    "phase": word("L1 L2 L3 N L1-N L2-N L3-N L1-L2 L2-L3 L3-L1"),
                                    "location": word("Cable EV Inlet Outlet Body"),
                                    "unit": word(
                                        "Wh kWh varh kvarh W kW VA kVA var kvar A V K Celcius Celsius Fahrenheit Percent"
                                    ),
                                }
                            )
                        ),
                    }
                )
            ),
        }
    ),
}
#: What it answers.
ANSWERS = {
    "ChangeAvailability": Shape({"status!": word("Accepted Rejected Scheduled")}),
    "Reset": Shape({"status!": word("Accepted Rejected")}),
    "TriggerMessage": Shape({"status!": word("Accepted Rejected NotImplemented")}),
    "UnlockConnector": Shape({"status!": word("Unlocked UnlockFailed NotSupported")}),
}
#: What goes the other way, or is no CALL.
REFUSED = names(
    "CancelReservation CertificateSigned ChangeAvailability ChangeConfiguration "
    "ClearCache ClearChargingProfile DeleteCertificate ExtendedTriggerMessage "
    "GetCompositeSchedule GetConfiguration GetDiagnostics GetInstalledCertificateIds "
    "GetLocalListVersion GetLog InstallCertificate RemoteStartTransaction "
    "RemoteStopTransaction ReserveNow Reset SendLocalList SetChargingProfile "
    "SignedUpdateFirmware TriggerMessage UnlockConnector UpdateFirmware"
)
